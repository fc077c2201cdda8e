import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { capabilityMask, capabilityNames } from "../../src/engine/plan/capability-mask.ts";
import { defaultDeviceRules } from "../../src/engine/plan/device-rules.ts";
import { seccompFilter } from "../../src/engine/plan/seccomp/seccomp-filter.ts";
import { runFilter } from "../support/run-filter.ts";

const x86_64 = 0xc000_003e;
const x86 = 0x4000_0003;
const x32 = 0x4000_0000;
const allowed = 0x7fff_0000;
const killed = 0;
const refused = 0x0005_0001;
const unknown = 0x0005_0026;

interface Given {
  seccomp?: string;
  add?: string[];
  privileged?: boolean;
  kernelRelease?: string;
  guards?: boolean;
}

function filterOf({ seccomp = "", add = [], privileged = false, ...given }: Given = {}) {
  return seccompFilter({
    ...{ seccomp, privileged, kernelRelease: given.kernelRelease ?? "6.1.0-56-amd64" },
    capabilities: capabilityNames(capabilityMask({ add, drop: [], privileged })),
    guardedBy: given.guards === true ? defaultDeviceRules : undefined,
  });
}

/** Of a call of a 64-bit program, unless another architecture is named. */
function verdict(given: Given, number: number, args: bigint[] = [], architecture = x86_64): number {
  const filter = filterOf(given);
  assert(filter !== undefined);
  return runFilter(filter.program, { number, architecture, arguments: args });
}

function profile(fields: object): Given {
  return { seccomp: JSON.stringify(fields) };
}

describe("the default profile", () => {
  it("allows what programs do, by every architecture's own numbers", () => {
    assert.equal(verdict({}, 39), allowed); // getpid
    assert.equal(verdict({}, 20, [], x86), allowed); // getpid
    assert.equal(verdict({}, x32 | 39), allowed);
    assert.equal(verdict({}, x32 | 513), allowed, "rt_sigreturn of x32");
  });

  it("refuses what reaches for the kernel, and kills what calls by another architecture", () => {
    for (const number of [165, 169, 246, 272, 298, 321, 425])
      assert.equal(verdict({}, number), refused, `call ${number}`);
    assert.equal(verdict({}, 39, [], 0xc000_00b7), killed);
  });

  it("says of calls that it doesn't know that they aren't there", () => {
    assert.equal(verdict({}, 600), unknown);
    assert.equal(verdict({}, x32 | 900), unknown);
    assert.equal(verdict({}, 600, [], x86), unknown);
  });

  it("allows with a capability what needs it", () => {
    assert.equal(verdict({}, 165), refused);
    assert.equal(verdict({ add: ["SYS_ADMIN"] }, 165), allowed); // mount
    assert.equal(verdict({ add: ["SYS_TIME"] }, 227), allowed); // clock_settime
    assert.equal(verdict({ add: ["ALL"] }, 321), allowed); // bpf
  });

  it("lets clone make processes, but no namespaces, and has clone3 not be there", () => {
    assert.equal(verdict({}, 56, [0x0120_0011n]), allowed);
    assert.equal(verdict({}, 56, [0x1000_0000n]), refused, "a user namespace");
    assert.equal(verdict({}, 56, [0x1_0000_0000n]), allowed, "flags have 32 bits");
    assert.equal(verdict({}, 435), unknown);
    assert.equal(verdict({ add: ["SYS_ADMIN"] }, 435), allowed);
  });

  it("looks at both halves of an argument", () => {
    assert.equal(verdict({}, 135, [0x20008n]), allowed); // personality
    assert.equal(verdict({}, 135, [0x1_0002_0008n]), refused);
    assert.equal(verdict({}, 135, [1n]), refused);
    assert.equal(verdict({}, 41, [40n]), refused, "sockets of virtual machines");
    assert.equal(verdict({}, 41, [2n]), allowed);
  });

  it("isn't for those that are privileged or ask for none", () => {
    assert.equal(filterOf({ privileged: true }), undefined);
    assert.equal(filterOf({ seccomp: "unconfined" }), undefined);
    assert.notEqual(filterOf({ seccomp: "builtin" }), undefined);
  });

  it("guards nodes of devices where the kernel doesn't guard devices", () => {
    const mknod = (mode: bigint, device: bigint): number =>
      verdict({ guards: true }, 133, [0n, mode, device]);
    assert.equal(mknod(0o020666n, 0x103n), allowed, "null");
    assert.equal(mknod(0o020666n, 0x8803n), allowed, "a terminal");
    assert.equal(mknod(0o020666n, 0x101n), refused, "memory");
    assert.equal(mknod(0o060666n, 0xfe00n), refused, "a disk");
    assert.equal(mknod(0o010666n, 0n), allowed, "a pipe");
    assert.equal(verdict({ guards: true }, 259, [0n, 0n, 0o060600n, 0xfe00n]), refused);
    assert.equal(verdict({}, 133, [0n, 0o060666n, 0xfe00n]), allowed);
  });
});

describe("a profile of the user's", () => {
  it("compares arguments by every operator", () => {
    const high = 5n << 32n;
    const cases: [string, bigint, bigint, bigint][] = [
      ["SCMP_CMP_EQ", 7n, 7n, high | 7n],
      ["SCMP_CMP_NE", 7n, high | 7n, 7n],
      ["SCMP_CMP_LT", high, high - 1n, high],
      ["SCMP_CMP_LE", high, high, high + 1n],
      ["SCMP_CMP_GT", high, high + 1n, high],
      ["SCMP_CMP_GE", high, high, high - 1n],
    ];
    for (const [op, value, yes, no] of cases) {
      const args = [{ index: 1, value: Number(value), op }];
      const given = profile({
        defaultAction: "SCMP_ACT_ALLOW",
        syscalls: [{ names: ["write"], action: "SCMP_ACT_ERRNO", args }],
      });
      assert.equal(verdict(given, 1, [0n, yes]), refused, op);
      assert.equal(verdict(given, 1, [0n, no]), allowed, op);
    }
  });

  it("joins conditions of several arguments, and takes those of one by one", () => {
    const rule = (...args: [number, number][]) =>
      profile({
        defaultAction: "SCMP_ACT_ALLOW",
        syscalls: [
          {
            ...{ names: ["write"], action: "SCMP_ACT_ERRNO", errnoRet: 5 },
            args: args.map(([index, value]) => ({ index, value, op: "SCMP_CMP_EQ" })),
          },
        ],
      });
    assert.equal(verdict(rule([0, 1], [1, 2]), 1, [1n, 2n]), 0x0005_0005);
    assert.equal(verdict(rule([0, 1], [1, 2]), 1, [1n, 3n]), allowed);
    assert.equal(verdict(rule([0, 1], [0, 2]), 1, [2n]), 0x0005_0005);
  });

  it("does each action", () => {
    const actions: [string, number][] = [
      ["SCMP_ACT_KILL", 0],
      ["SCMP_ACT_KILL_PROCESS", 0x8000_0000],
      ["SCMP_ACT_TRAP", 0x0003_0000],
      ["SCMP_ACT_TRACE", 0x7ff0_0001],
      ["SCMP_ACT_LOG", 0x7ffc_0000],
    ];
    for (const [action, expected] of actions) {
      const given = profile({
        defaultAction: "SCMP_ACT_ALLOW",
        syscalls: [{ name: "mkdir", action }],
      });
      assert.equal(verdict(given, 83), expected, action);
    }
    const bare = profile({ defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 22 });
    assert.equal(verdict(bare, 0), 0x0005_0016);
  });

  it("has rules for some kernels, capabilities and architectures only", () => {
    const rules = (condition: object) =>
      profile({
        defaultAction: "SCMP_ACT_ERRNO",
        syscalls: [{ names: ["mkdir"], action: "SCMP_ACT_ALLOW", ...condition }],
      });
    assert.equal(verdict(rules({ includes: { minKernel: "6.1" } }), 83), allowed);
    assert.equal(verdict(rules({ includes: { minKernel: "6.2" } }), 83), unknown);
    assert.equal(verdict(rules({ excludes: { minKernel: "5.4" } }), 83), unknown);
    assert.equal(verdict(rules({ includes: { arches: ["arm64"] } }), 83), unknown);
    assert.equal(verdict(rules({ excludes: { caps: ["CAP_CHOWN"] } }), 83), unknown);
  });

  it("that says nothing is none", () => {
    assert.equal(filterOf({ seccomp: "{}" }), undefined);
  });

  it("that is wrong is refused in Docker's words", () => {
    const cases: [string | object, string][] = [
      [
        "bad",
        "Decoding seccomp profile failed: invalid character 'b' looking for beginning of value",
      ],
      ['{"defaultAction":', "Decoding seccomp profile failed: unexpected end of JSON input"],
      [{ defaultAction: "X" }, "string X is not a valid action for seccomp"],
      [
        { defaultAction: "SCMP_ACT_ALLOW", architectures: ["FOO"] },
        "string FOO is not a valid arch for seccomp",
      ],
      [{ defaultAction: "SCMP_ACT_NOTIFY" }, "SCMP_ACT_NOTIFY cannot be used as default action"],
      [
        {
          defaultAction: "SCMP_ACT_ALLOW",
          syscalls: [{ names: ["mkdir"], name: "x", action: "SCMP_ACT_ERRNO" }],
        },
        "both 'name' and 'names' are specified in the seccomp profile, use either 'name' or 'names'",
      ],
      [
        {
          defaultAction: "SCMP_ACT_ALLOW",
          syscalls: [
            {
              ...{ names: ["mkdir"], action: "SCMP_ACT_ERRNO" },
              args: [{ index: 9, value: 1, op: "SCMP_CMP_EQ" }],
            },
          ],
        },
        "error creating seccomp syscall condition for syscall mkdir: syscalls only have up to 6 arguments (9 given)",
      ],
    ];
    for (const [given, message] of cases)
      assert.throws(
        () => filterOf({ seccomp: typeof given === "string" ? given : JSON.stringify(given) }),
        { message },
      );
  });
});
