import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { madeGuest } from "../support/made-guest.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { testQemu } from "../support/test-qemu.ts";

const inside = join(import.meta.dirname, "../support/tap-guest.ts");
/** A network namespace with an interface that a machine can be put behind. */
const script = `
busybox tunctl -t tap0 >/dev/null &&
busybox ip addr add 10.77.0.1/24 dev tap0 &&
busybox ip link set tap0 up &&
exec "$@"`;

/** Why no interface can be made here. */
async function obstacle(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return "only root may make a TAP interface";
  try {
    await access("/dev/net/tun", constants.R_OK | constants.W_OK);
    await promisify(execFile)("unshare", ["--net", "true"]);
    return undefined;
  } catch (error) {
    return `no TAP interface can be made here: ${String(error)}`;
  }
}

test("a guest behind a TAP interface is reached by its own address, and has the MAC asked for", async (context) => {
  const missing = await obstacle();
  if (missing !== undefined) return context.skip(missing);
  await using run = await temporaryFolder();
  const command = [process.execPath, inside, run.path];
  const words = ["--net", "sh", "-c", script, "sh", ...command];
  const { stdout } = await promisify(execFile)("unshare", words, { timeout: 60_000 });
  assert.equal(stdout.trim(), "I am 02:00:00:00:07:01");
});

test("a machine with an interface that can't be had ends, and the driver says what it means", async (context) => {
  await using run = await temporaryFolder();
  const spec = await madeGuest(run.path, "");
  // one that is no TAP interface
  const nics = [{ kind: "tap" as const, mac: "02:00:00:00:07:01", interface: "lo" }];
  const machine = await testQemu().start({ ...spec, nics });
  const { failure, errors } = await machine.exited;
  context.diagnostic(errors);
  assert.equal(failure?.code, "unavailable");
  assert.match(failure.message, /^the machine's network card has no interface: .*(tun|lo)/);
});
