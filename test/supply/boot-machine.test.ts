import assert from "node:assert/strict";
import { test } from "node:test";
import { protocolVersion } from "../../src/agent/protocol.ts";
import type { ErrorCode } from "../../src/base/errors.ts";
import { bootMachine } from "../../src/supply/boot-machine.ts";
import { madeGuest } from "../support/made-guest.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { testQemu } from "../support/test-qemu.ts";

const octal = (bytes: Buffer) =>
  [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");

const cases: {
  what: string;
  script: string;
  code: ErrorCode;
  says: RegExp;
  deadlineMs?: number;
}[] = [
  {
    what: "whose kernel panics",
    script: "echo last words >/dev/console; exit 7\n",
    code: "unavailable",
    says: /ended before its agent said hello.*its console ends:[^]*last words[^]*Kernel panic - not syncing: Attempted to kill init/,
  },
  {
    what: "that says nothing",
    script: "echo idle >/dev/console; busybox sleep 1000\n",
    code: "deadline",
    says: /its agent said nothing within 4 s; its console ends:\nidle/,
    deadlineMs: 4000,
  },
  {
    what: "that writes garbage to the channel",
    script: "busybox cat /dev/urandom > $port\n",
    code: "deadline",
    says: /its agent said nothing within 6 s/,
    deadlineMs: 6000,
  },
  {
    what: "whose agent speaks another protocol",
    // repeats the host's SYNC, then a HELLO with protocol 99
    script: `busybox head -c 48 <$port >/sync
{ busybox cat /sync; busybox printf '${octal(helloOf(99))}'; } >$port
busybox sleep 1000
`,
    code: "unsupported",
    says: new RegExp(`its agent speaks protocol 99, DVM ${protocolVersion}`),
  },
  {
    what: "that breaks the protocol after its SYNC",
    script: `busybox head -c 48 <$port >/sync
{ busybox cat /sync; busybox printf '${octal(Buffer.alloc(64, 0xee))}'; } >$port
busybox sleep 1000
`,
    code: "damaged",
    says: /its agent sent a frame with an illegal header/,
  },
];

for (const { what, script, code, says, deadlineMs } of cases) {
  test(`a machine ${what} fails with its console's last lines, and is gone`, async () => {
    await using folder = await temporaryFolder();
    const hypervisor = testQemu();
    const spec = await madeGuest(folder.path, script);
    const options = deadlineMs === undefined ? {} : { deadlineMs };
    await assert.rejects(
      bootMachine(hypervisor, spec, options),
      (error: Error & { code: string }) => {
        assert.match(error.message, says);
        assert.equal(error.code, code);
        return true;
      },
    );
    assert.equal(await hypervisor.find(spec.id, folder.path), undefined);
  });
}

/** HELLO as the agent sends it: protocol, uptime, memory, release. */
function helloOf(protocol: number): Buffer {
  const payload = Buffer.alloc(4 + 3 * 8 + 4);
  payload.writeUInt32LE(protocol);
  const frame = Buffer.alloc(12 + payload.length + 4);
  frame.writeUInt32LE(payload.length);
  frame.writeUInt16LE(2, 4);
  payload.copy(frame, 12);
  frame.writeUInt32LE(0x214d5644, 12 + payload.length);
  return frame;
}
