import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { asObject } from "../../src/client/json.ts";
import { TestEngine } from "../support/test-engine.ts";

const forever = ["sleep", "1000"];
const onSwitch = { can: { cards: ["user", "tap"] } } as const;
const label = "dvm.egress.allow";

test("egress rules hold before a container reaches anything, and go with it", async () => {
  await using engine = await TestEngine.open(onSwitch);
  const Labels = { [label]: "example.org:443, 10.0.0.0/8" };
  const id = await engine.run(forever, { name: "held", Labels });
  const chain = `c${id.slice(0, 12)}`;
  const [holding = ""] = engine.switch.statements;
  assert.match(holding, new RegExp(`judged4 { 172\\.17\\.0\\.2 : jump ${chain} }`));
  assert.match(holding, /ip daddr 10\.0\.0\.0\/8 accept/);
  assert.equal(engine.names.known.get(id)?.egress?.length, 2, "names are its resolver's to judge");
  const naming = engine.guestOf(id)?.containers.get(id)?.setup.naming;
  assert.match(naming?.resolver ?? "", /^nameserver 127\.0\.0\.11$/m);
  const { Egress } = asObject((await engine.succeeds("GET", "/containers/held/json"))["Dvm"]);
  const Allow = ["example.org:443", "10.0.0.0/8"];
  assert.deepEqual(Egress, { Allow, RefusedPackets: 0, Refused: [] });
  await engine.succeeds("POST", "/containers/held/stop?t=0");
  assert.match(
    engine.switch.statements.at(-1) ?? "",
    new RegExp(`delete chain inet dvm_egress ${chain}`),
  );
});

test("a network's label holds its containers, a container's own comes before it", async () => {
  await using engine = await TestEngine.open(onSwitch);
  const network = { Name: "held", Labels: { [label]: "none" } };
  await engine.succeeds("POST", "/networks/create", network);
  const HostConfig = { NetworkMode: "held" };
  const first = await engine.run(forever, { HostConfig });
  assert.deepEqual(engine.names.known.get(first)?.egress, []);
  const second = await engine.run(forever, { HostConfig, Labels: { [label]: "a.example" } });
  assert.equal(engine.names.known.get(second)?.egress?.length, 1);
});

test("rules that are none, and a machine that nobody holds, are refused", async () => {
  await using engine = await TestEngine.open();
  const body = { Image: "busybox", Cmd: forever, Labels: { [label]: "x:0" } };
  const refused = await engine.api("POST", "/containers/create", body);
  assert.equal(refused.status, 400);
  assert.match(JSON.stringify(refused.body), /invalid egress rule/);
  const made = await engine.api("POST", "/networks/create", {
    Name: "n",
    Labels: { [label]: "x:0" },
  });
  assert.equal(made.status, 400);
  const id = await engine.create(forever, { Labels: { [label]: "none" } });
  const start = await engine.api("POST", `/containers/${id}/start`);
  assert.match(JSON.stringify(start.body), /cannot hold the container to its egress rules/);
});

test("what is refused is told by events, the log and inspect", async () => {
  await using engine = await TestEngine.open(onSwitch);
  const id = await engine.run(forever, { name: "held", Labels: { [label]: "none" } });
  const chain = `c${id.slice(0, 12)}`;
  const elem = [{ elem: { val: { concat: ["1.2.3.4", "tcp", 80] }, counter: { packets: 3 } } }];
  engine.switch.listed = JSON.stringify({
    nftables: [
      { counter: { table: "dvm_egress", name: chain, packets: 3 } },
      { set: { table: "dvm_egress", name: `${chain}_refused4`, elem } },
    ],
  });
  while ((await engine.events("held", ["egress_refused"])).length === 0) await delay(50);
  const [event] = await engine.eventObjects("held", ["egress_refused"]);
  const { Attributes } = asObject(event?.["Actor"]);
  assert.equal(asObject(Attributes)["destination"], "1.2.3.4:80/tcp");
  assert(engine.log.includes("container held was refused 1.2.3.4:80/tcp"));
  const { Egress } = asObject((await engine.succeeds("GET", "/containers/held/json"))["Dvm"]);
  assert.deepEqual(asObject(Egress)["Refused"], [{ Destination: "1.2.3.4:80/tcp", Count: 3 }]);
});
