import type { DeviceRule } from "../../../agent/agent-client.ts";
import { type Condition, notPermitted, type Rule, verdicts } from "./rules.ts";

const fileKind = 0xf000n;
const characterDevice = 0x2000n;
const blockDevice = 0x6000n;

/**
 * Where the kernel can't forbid a container to open a device: no nodes of such can be made. Judged
 * before a profile's rules.
 */
export function guardNodes(rules: readonly DeviceRule[]): Rule[] {
  return [...guardCall("mknod", 1, rules), ...guardCall("mknodat", 2, rules)];
}

function guardCall(name: string, modeArgument: number, rules: readonly DeviceRule[]): Rule[] {
  const refuse = (kind: "b" | "c", mode: bigint): Rule[] => {
    const opened = rules.filter((rule) => rule.kind !== other(kind) && /[rw]/.test(rule.access));
    if (opened.some(({ major }) => major === undefined)) return [];
    return [
      {
        names: [name],
        verdict: verdicts.errno | notPermitted,
        conditions: [
          { argument: modeArgument, operator: "MASKED_EQ", value: fileKind, masked: mode },
          ...opened.map((rule) => isNot(rule, modeArgument + 1)),
        ],
      },
    ];
  };
  return [...refuse("b", blockDevice), ...refuse("c", characterDevice)];
}

function other(kind: "b" | "c"): "b" | "c" {
  return kind === "b" ? "c" : "b";
}

/** As the kernel joins the two numbers (linux/kdev_t.h, `new_encode_dev`). */
function isNot({ major = 0, minor }: DeviceRule, argument: number): Condition {
  const upper = BigInt(major) << 8n;
  if (minor === undefined)
    return { argument, operator: "MASKED_NE", value: 0xfff00n, masked: upper };
  const lower = BigInt(minor & 0xff) | (BigInt(minor >>> 8) << 20n);
  return { argument, operator: "NE", value: upper | lower, masked: 0n };
}
