import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { startForwarder } from "../support/forwarder.ts";
import { testSwitch } from "../support/switch.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test("a client that comes while more ports are opened is not forgotten", async () => {
  await using folder = await temporaryFolder();
  await using networks = testSwitch(folder.path);
  const subnets = [{ subnet: "172.17.0.0/16", gateway: "172.17.0.1" }];
  const network = { id: "one", bridge: "dvm0", mtu: 1500, subnets, isolated: false };
  await networks.setNetwork({ ...network, internal: false, masquerade: true });
  const switchSocket = networks.descriptorSocket;
  await using forwarder = await startForwarder(folder.path, { switchSocket });
  await forwarder.ask("lead web 172.17.0.1/16 172.17.0.1 - -");
  const port = Number(await forwarder.ask("publish web tcp 0.0.0.0 0 9"));
  assert(port > 0);
  const [pid = ""] = (await readFile(join(folder.path, "switch/switch.pid"), "utf8")).split(" ");
  process.kill(Number(pid), "SIGSTOP");
  let isServed: Promise<unknown>;
  try {
    const client = connect(port, "127.0.0.1");
    isServed = new Promise((resolve) => client.on("close", resolve).on("error", () => {}));
    client.resume().once("end", () => client.end());
    await delay(300); // the forwarder asks for a socket for it, which nobody gives
    const another = forwarder.ask("publish web tcp 0.0.0.0 0 10");
    await delay(300); // it waits for one itself
    process.kill(Number(pid), "SIGCONT");
    assert(Number(await another) > 0);
  } finally {
    process.kill(Number(pid), "SIGCONT");
  }
  // nobody listens at port 9: who was led there sees the end
  assert.equal(
    await Promise.race([isServed.then(() => "served"), delay(5_000, undefined, { ref: false })]),
    "served",
  );
});
