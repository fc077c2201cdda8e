import assert from "node:assert/strict";
import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { madeSwitch, testSwitch } from "../support/switch.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test("networks are made, made so, and removed again", async () => {
  await using folder = await temporaryFolder();
  await using made = testSwitch(folder.path);
  assert.equal(await made.unusable(), undefined);
  const subnets = [{ subnet: "172.17.0.0/16", gateway: "172.17.0.1" }];
  const network = { id: "one", bridge: "dvm0", mtu: 1500, subnets, isolated: false };
  await made.setNetwork({ ...network, internal: false, masquerade: true });
  await made.setNetwork({ ...network, internal: true, masquerade: true });
  const addresses = ["172.17.0.2/16"];
  const card = { tap: "tnone0", network: "one", mac: "02:42:ac:11:00:02", addresses };
  await assert.rejects(made.attach(card), /No such device/);
  await made.detach("tnone0");
  await made.removeNetwork(network);
});

test("a daemon that comes later keeps the switch, but not one of another program", async () => {
  await using folder = await temporaryFolder();
  const pid = () => readFile(join(folder.path, "switch/switch.pid"), "utf8");
  await using first = testSwitch(folder.path);
  assert.equal(await first.unusable(), undefined);
  const begun = await pid();
  const second = testSwitch(folder.path);
  await second.takeUp();
  assert.equal(await second.unusable(), undefined);
  assert.equal(await pid(), begun);
  const other = join(folder.path, "other-switch");
  await cp(await madeSwitch(), other);
  const third = testSwitch(folder.path, async () => other);
  await third.takeUp();
  assert.equal(await third.unusable(), undefined);
  assert.notEqual(await pid(), begun);
});
