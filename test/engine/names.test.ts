import assert from "node:assert/strict";
import { test } from "node:test";
import { TestEngine } from "../support/test-engine.ts";

const forever = ["sleep", "1000"];

test("a container is found by its names as long as it runs, on the networks that it is in", async () => {
  await using engine = await TestEngine.open({ can: { cards: ["user", "tap"] } });
  for (const name of ["front", "back"])
    await engine.succeeds("POST", "/networks/create", { Name: name });
  const id = await engine.run(forever, {
    name: "web",
    Hostname: "host",
    HostConfig: { NetworkMode: "front" },
  });
  const names = () =>
    engine.names.known.get(id)?.endpoints.map(({ networkName, names }) => [networkName, ...names]);
  const short = id.slice(0, 12);
  assert.deepEqual(names(), [["front", "web", short, "host"]]);
  const connected = { Container: "web", EndpointConfig: { Aliases: ["www"] } };
  await engine.succeeds("POST", "/networks/back/connect", connected);
  assert.deepEqual(names(), [
    ["back", "web", "www", short, "host"],
    ["front", "web", short, "host"],
  ]);
  await engine.succeeds("POST", "/containers/web/rename?name=other");
  assert.deepEqual(
    names()?.map(([, first]) => first),
    ["other", "other"],
  );
  await engine.succeeds("POST", "/networks/front/disconnect", { Container: "other" });
  assert.deepEqual(names(), [["back", "other", "www", short, "host"]]);
  await engine.endDaemon();
  engine.names.known.clear();
  await engine.startDaemon();
  assert.deepEqual(
    names(),
    [["back", "other", "www", short, "host"]],
    "a daemon that comes later tells anew",
  );
  await engine.succeeds("POST", "/containers/other/stop?t=0");
  assert.equal(names(), undefined);
});

test("a container on the default bridge is given a resolver with its first other network", async () => {
  await using engine = await TestEngine.open({ can: { cards: ["user", "tap"] } });
  await engine.succeeds("POST", "/networks/create", { Name: "front" });
  const id = await engine.run(forever, { name: "web", Hostname: "host" });
  const naming = () => engine.guestOf(id)?.containers.get(id)?.setup.naming;
  assert.match(naming()?.resolver ?? "", /^nameserver 192\.0\.2\.53$/m);
  assert.equal(engine.names.known.size, 0);
  assert.match(naming()?.hosts ?? "", /^172\.17\.0\.2\thost\n$/m);
  await engine.succeeds("POST", "/networks/front/connect", { Container: "web" });
  assert.match(naming()?.resolver ?? "", /^nameserver 127\.0\.0\.11$/m);
  assert.match(naming()?.hosts ?? "", /^172\.17\.0\.2\thost\n172\.18\.0\.2\thost\n$/m);
  assert.equal(naming()?.relay, `names-${id.slice(0, 12)}`);
  await engine.succeeds("POST", "/networks/front/disconnect", { Container: "web" });
  assert.match(naming()?.resolver ?? "", /^nameserver 127\.0\.0\.11$/m, "as in Docker, it stays");
  assert(!naming()?.hosts.includes("172.18."));
});
