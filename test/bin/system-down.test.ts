import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { processStartTime } from "../../src/host/processes.ts";
import { inOwnNetwork } from "../support/own-network.ts";
import { madeSwitch } from "../support/switch.ts";
import { Switch } from "../../src/network/switch/switch.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const program = join(import.meta.dirname, "../../src/bin/dvm.ts");

inOwnNetwork(import.meta.filename, () => {
  test("after system down nothing runs, and the host's network is as it was", async () => {
    await using folder = await temporaryFolder();
    const [dataRoot, runRoot] = [join(folder.path, "data"), join(folder.path, "run")];
    const env = { ...process.env, DVM_DATA_ROOT: dataRoot, DVM_RUN_ROOT: runRoot };
    const dvm = async (...words: string[]) =>
      (await promisify(execFile)(process.execPath, [program, ...words], { env })).stdout;
    await dvm("ps");
    const daemon = Number(await readFile(join(runRoot, "dvm.pid"), "utf8"));
    const forgotten = spawn("sleep", ["1000"]);
    const ended = once(forgotten, "exit");
    const identity = `${forgotten.pid} ${await processStartTime(forgotten.pid ?? 0)}\n`;
    await mkdir(join(runRoot, "machines"), { recursive: true });
    await writeFile(join(runRoot, "forgotten.pid"), identity);
    await using networks = new Switch({
      ...{ folder: join(runRoot, "switch"), dataRoot, machines: join(runRoot, "machines") },
      ...{ program: () => madeSwitch(), isRoot: true, log: () => {} },
    });
    const traits = { internal: false, isolated: false, masquerade: true };
    const subnets = [{ subnet: "172.30.0.0/16", gateway: "172.30.0.1" }];
    await networks.setNetwork({ id: "one", bridge: "br-one", mtu: 1500, subnets, ...traits });
    assert.match(await readFile("/proc/net/dev", "utf8"), /dvm-/);
    assert.match(await dvm("system", "down", "--force"), /^Ended 2 processes\nNothing runs\n$/);
    await ended;
    assert.equal(await processStartTime(daemon), undefined);
    assert.doesNotMatch(await readFile("/proc/net/dev", "utf8"), /dvm-/);
    assert.deepEqual(await readdir(runRoot), ["dvm.lock"]);
    assert.equal(await dvm("system", "down", "--force"), "Nothing runs\n");
  });
});
