import assert from "node:assert/strict";
import { test } from "node:test";
import { asObject } from "../../src/client/json.ts";
import { TestEngine } from "../support/test-engine.ts";
import { testImage } from "../support/test-image.ts";

const create = (engine: TestEngine, name: string, Links: string[]) =>
  engine.api("POST", `/containers/create?name=${name}`, {
    Image: testImage,
    Cmd: ["env"],
    HostConfig: { Links },
  });

test("a linked container is told of by name and variables", async () => {
  await using engine = await TestEngine.open();
  const db = await engine.run(["sleep", "1000"], {
    name: "db",
    Hostname: "dbhost",
    Env: ["FOO=1", "PATH=/bin"],
    ExposedPorts: { "82/tcp": {}, "80/tcp": {}, "81/tcp": {}, "53/udp": {} },
  });
  const { status, body } = await create(engine, "web", ["db:my-db"]);
  assert.deepEqual(body["Warnings"], []);
  assert.equal(status, 201);
  await engine.succeeds("POST", "/containers/web/start");
  await engine.wait("web");
  const lines = (await engine.logs("web")).split("\n");
  for (const line of [
    "MY_DB_NAME=/web/my-db",
    "MY_DB_ENV_FOO=1",
    "MY_DB_PORT=tcp://10.0.2.15:80",
    "MY_DB_PORT_80_TCP_START=tcp://10.0.2.15:80",
    "MY_DB_PORT_80_TCP_PORT_END=82",
    "MY_DB_PORT_81_TCP_ADDR=10.0.2.15",
    "MY_DB_PORT_53_UDP_PROTO=udp",
  ])
    assert(lines.includes(line), `${line} in ${lines.join("\n")}`);
  assert(!lines.some((line) => line.startsWith("MY_DB_ENV_PATH=")));
  assert.match(engine.script.setups.at(-1)?.naming.hosts ?? "", /^10\.0\.2\.15\tmy-db dbhost db$/m);
  const links = async () =>
    asObject((await engine.succeeds("GET", "/containers/web/json"))["HostConfig"])["Links"];
  assert.deepEqual(await links(), ["/db:/web/my-db"]);
  const listed = await engine.client.containers.list({ all: true });
  assert.deepEqual(asObject(listed.find(({ Id }) => Id === db))["Names"], ["/db", "/web/my-db"]);
  for (const name of ["web%2Fmy-db", "web/my-db"])
    assert.equal((await engine.succeeds("GET", `/v1.51/containers/${name}/json`))["Id"], db);
  const noLink = await engine.api("DELETE", "/containers/web?link=1");
  assert.equal(noLink.status, 500);
  await engine.succeeds("DELETE", "/containers/web/my-db?link=1");
  assert.equal(await links(), null);
  assert.equal((await engine.api("DELETE", "/containers/web%2Fmy-db?link=1")).status, 404);
});

test("a link that can't be is refused in Docker's words", async () => {
  await using engine = await TestEngine.open();
  for (const [link, status, message] of [
    ["absent:x", 400, "could not get container for absent: No such container: absent"],
    ["a:b:c", 500, "bad format for links: a:b:c"],
    ["", 500, "empty string specified for links"],
  ] as const) {
    const { status: got, body } = await create(engine, "web", [link]);
    assert.deepEqual([got, body["message"]], [status, message]);
  }
  await engine.create(["true"], { name: "db" });
  assert.equal((await create(engine, "web", ["db"])).status, 201);
  const { status, body } = await engine.api("POST", "/containers/web/start");
  assert.equal(status, 500);
  assert.equal(body["message"], "Cannot link to a non running container: /db AS /web/db");
});
