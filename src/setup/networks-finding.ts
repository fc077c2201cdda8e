import { access, constants } from "node:fs/promises";
import { describeError } from "../base/errors.ts";
import { madeBinary } from "../host/made-binary.ts";
import { runTool } from "../host/run-tool.ts";
import { switchProgram } from "../host/switch-program.ts";
import { findTool } from "../host/tools.ts";
import type { Finding } from "./finding.ts";

interface NetworksInput {
  dataRoot: string;
  forwardingBlockedBy(): Promise<string | undefined>;
}

const part = "Networks";
const consequence =
  "each machine has a network of its own, by QEMU: containers don't reach each other, ICMP may not get out, and machines reach the host's own ports by their gateway";

/** Whether machines can have networks in common, and how these leave the host. */
export async function networksFinding(input: NetworksInput): Promise<Finding> {
  const { dataRoot } = input;
  const isRoot = process.getuid?.() === 0;
  const [nft, pasta] = await Promise.all([findTool(dataRoot, "nft"), findTool(dataRoot, "pasta")]);
  if (nft === undefined) return without("there is no nft", "dvm setup");
  if (!(await isOpen("/dev/net/tun")))
    return without("/dev/net/tun can't be opened", "as root: chmod 666 /dev/net/tun");
  const blockedBy = await input.forwardingBlockedBy();
  const needsPasta = !isRoot || blockedBy !== undefined;
  if (needsPasta && pasta === undefined) return without("there is no pasta", "dvm setup");
  const program = await madeBinary(dataRoot, switchProgram);
  const { environment } = nft;
  try {
    await runTool(program, ["check", nft.path], { purpose: "make networks", environment });
  } catch (error) {
    const remedy = "as root: sysctl kernel.unprivileged_userns_clone=1, or what the reason names";
    return without(reasonOf(error), remedy);
  }
  if (!needsPasta) return { part, state: "found", fact: "leave by an interface of the host's" };
  const why = blockedBy === undefined ? "" : `, for ${blockedBy} drops what the host forwards`;
  return { part, state: "found", fact: `leave by ${pasta?.path}${why}` };
}

function without(fact: string, remedy: string): Finding {
  return { part, state: "warning", fact, consequence, remedy };
}

function reasonOf(error: unknown): string {
  return /dvm-switch: (.*)/.exec(describeError(error))?.[1] ?? describeError(error);
}

async function isOpen(path: string): Promise<boolean> {
  return access(path, constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
}
