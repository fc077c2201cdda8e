import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { after, before, suite, test } from "node:test";
import { asObject, asObjects, requireText } from "../../src/client/json.ts";
import { TestEngine } from "../support/test-engine.ts";
import { makeTar } from "../support/tar.ts";
import { testImage } from "../support/test-image.ts";

/* What dockerd 28 lists, and what it answers to filters that can't be. */

let engine: TestEngine;
const ids: Record<string, string> = {};

before(async () => {
  engine = await TestEngine.open();
  ids["first"] = await engine.run(["sleep", "600"], {
    name: "first",
    Labels: { tier: "web", empty: "" },
    ExposedPorts: { "81/tcp": {}, "82/udp": {} },
    HostConfig: { Binds: ["/tmp:/bound", "kept:/kept"] },
  });
  ids["second"] = await engine.run(["exit", "3"], { name: "second" });
  await engine.wait("second");
  ids["third"] = await engine.create(["echo", "a b"], { name: "third", Labels: { tier: "db" } });
});
after(() => engine?.[Symbol.asyncDispose]());

const query = (filters: object, more = "") =>
  `?filters=${encodeURIComponent(JSON.stringify(filters))}${more}`;

async function names(filters: object, more = "&all=1"): Promise<string[]> {
  const listed = await engine.list(`/containers/json${query(filters, more)}`);
  return listed.map(({ Names }) => String((Names as string[])[0]).slice(1));
}

suite("containers are listed", () => {
  const cases: readonly (readonly [filters: object, names: string[], more?: string])[] = [
    [{}, ["first"], ""],
    [{}, ["third", "second", "first"]],
    [{}, ["third", "second"], "&limit=2"],
    [{ status: ["exited"] }, ["second"], ""],
    [{ status: ["created", "running"] }, ["third", "first"]],
    [{ exited: ["3"] }, ["second"]],
    [{ exited: ["3"] }, [], ""],
    [{ exited: ["0"] }, []],
    [{ name: ["^/fir"] }, ["first"]],
    [{ name: ["ir"] }, ["third", "first"]],
    [{ name: ["[i"] }, []],
    [{ name: { first: true } }, ["first"]],
    [{ label: ["tier"] }, ["third", "first"]],
    [{ label: ["tier=db"] }, ["third"]],
    [{ label: ["tier", "empty="] }, ["first"]],
    [{ before: ["third"] }, ["second", "first"]],
    [{ since: ["first"] }, ["third", "second"]],
    [{ since: ["first"], before: ["third"] }, ["second"]],
    [{ volume: ["kept"] }, ["first"]],
    [{ volume: ["/tmp"] }, ["first"]],
    [{ volume: ["/bound"] }, ["first"]],
    [{ volume: ["/elsewhere"] }, []],
    [{ expose: ["81"] }, ["first"]],
    [{ expose: ["80-85/udp"] }, ["first"]],
    [{ publish: ["81"] }, []],
    [{ network: ["bridge"] }, ["third", "second", "first"]],
    [{ network: ["none"] }, []],
    [{ health: ["none"] }, ["third", "second", "first"]],
    [{ health: ["healthy"] }, []],
    [{ "is-task": ["false"] }, ["third", "second", "first"]],
    [{ "is-task": ["true"] }, []],
    [{ ancestor: [testImage] }, ["third", "second", "first"]],
    [{ ancestor: ["absent"] }, []],
    [{ isolation: ["anything"] }, ["third", "second", "first"]],
  ];
  for (const [filters, wanted, more] of cases)
    test(`by ${JSON.stringify(filters)}${more === undefined ? "" : ` ${more}`}`, async () => {
      assert.deepEqual(await names(filters, more), wanted);
    });

  test("by the beginning of an id", async () => {
    assert.deepEqual(await names({ id: [ids["second"]?.slice(0, 12)] }), ["second"]);
  });

  test("with the ports that they expose while they run", async () => {
    const [first] = await engine.list(`/containers/json${query({ name: ["first"] })}`);
    assert.deepEqual(first?.["Ports"], [
      { PrivatePort: 81, Type: "tcp" },
      { PrivatePort: 82, Type: "udp" },
    ]);
  });

  test("with the id of an image whose name means another one now", async () => {
    const { Id } = await engine.succeeds("GET", `/images/${testImage}/json`);
    await engine.succeeds("POST", `/images/${testImage}/tag?repo=moving`);
    const id = await engine.create(["true"], { name: "moved", Image: "moving" });
    const shown = async () =>
      requireText(
        (await engine.list(`/containers/json${query({ id: [id] }, "&all=1")}`))[0],
        "Image",
      );
    assert.equal(await shown(), "moving");
    await engine.succeeds("DELETE", "/images/moving?force=1");
    assert.equal(await shown(), Id);
    await engine.succeeds("DELETE", "/containers/moved");
  });
});

suite("filters that can't be are refused", () => {
  const cases: readonly (readonly [path: string, status: number, message: string])[] = [
    ["/containers/json?filters=x", 400, "invalid filter"],
    ['/containers/json?filters={"name":"x"}', 400, "invalid filter"],
    ['/containers/json?filters={"x":["y"]}', 400, "invalid filter 'x'"],
    [
      ...(['/containers/json?filters={"status":["x"]}', 400] as const),
      "invalid filter 'status=x': invalid value for state (x): must be one of created, running, paused, restarting, removing, exited, dead",
    ],
    [
      ...(['/containers/json?filters={"health":["x"]}', 400] as const),
      "invalid filter 'health=x': invalid value for health (x): must be one of none, starting, healthy, unhealthy",
    ],
    [
      ...(['/containers/json?filters={"exited":["x"]}', 400] as const),
      `invalid filter 'exited=x': strconv.Atoi: parsing "x": invalid syntax`,
    ],
    ['/containers/json?filters={"is-task":["x"]}', 400, "invalid filter 'is-task=[x]'"],
    ['/containers/json?filters={"before":["no"]}', 404, "No such container: no"],
    [
      ...(['/containers/json?filters={"publish":["x"]}', 500] as const),
      'error while looking up for publish x: strconv.ParseUint: parsing "x": invalid syntax',
    ],
    [
      ...(['/containers/json?filters={"expose":["1:2"]}', 500] as const),
      "filter for 'expose' should not contain ':': 1:2",
    ],
    ["/containers/json?limit=x", 500, 'strconv.Atoi: parsing "x": invalid syntax'],
    ['/images/json?filters={"dangling":["x"]}', 400, "invalid filter 'dangling=[x]'"],
    ['/images/json?filters={"before":["no"]}', 404, "No such image: no:latest"],
    ['/images/json?filters={"reference":["[x"]}', 500, "syntax error in pattern"],
    [
      ...(['/images/json?filters={"until":["x"]}', 500] as const),
      'failed to parse value as time or duration: "x"',
    ],
    ["/volumes?filters=x", 400, "error reading volume filters: invalid filter"],
    ['/volumes?filters={"dangling":["x"]}', 400, "invalid filter 'dangling=[x]'"],
    ['/networks?filters={"type":["x"]}', 500, "invalid filter: 'type'='x'"],
    [
      ...(['/networks?filters={"dangling":["x"]}', 400] as const),
      `invalid value for filter 'dangling', must be "true" (or "1"), or "false" (or "0")`,
    ],
    ["/system/df?type=x", 400, "unknown object type: x"],
    ["/events?since=x", 500, 'strconv.ParseInt: parsing "x": invalid syntax'],
    [
      ...(["/events?since=5&until=3", 400] as const),
      "`since` time (5) cannot be after `until` time (3)",
    ],
    ["/events?until=1&filters=x", 400, "invalid filter"],
    [
      ...(["/images/search?term=x&limit=x", 400] as const),
      'invalid limit specified: strconv.Atoi: parsing "x": invalid syntax',
    ],
    ["/images/search?term=x&limit=101", 400, "limit 101 is outside the range of [1, 100]"],
  ];
  for (const [path, status, message] of cases)
    test(`${path}: ${message}`, async () => {
      const answer = await engine.api("GET", encodeURI(path));
      assert.deepEqual([answer.status, answer.body], [status, { message }]);
    });

  for (const kind of ["containers", "images", "networks"])
    test(`until, of a prune of ${kind}`, async () => {
      const prune = async (until: string[]) =>
        (await engine.api("POST", `/${kind}/prune${query({ until })}`)).body["message"];
      assert.equal(await prune(["y"]), 'failed to parse value as time or duration: "y"');
      assert.equal(await prune(["1h", "2h"]), "more than one until filter specified");
    });
});

suite("images", () => {
  const listed = async (filters: object, more = "") =>
    (await engine.list(`/images/json${query(filters, more)}`)).map(({ RepoTags }) => RepoTags);

  test("are found by patterns of their names", async () => {
    await engine.succeeds("POST", `/images/${testImage}/tag?repo=some/name&tag=v1`);
    for (const pattern of ["some/*", "some/name", "some/name:v1", "s?me/n[a-b]me", "some/*:v*"])
      assert.deepEqual(await listed({ reference: [pattern] }), [["some/name:v1"]], pattern);
    for (const pattern of ["some", "*name", "some/name:v2"])
      assert.deepEqual(await listed({ reference: [pattern] }), [], pattern);
    await engine.succeeds("DELETE", "/images/some/name:v1");
  });

  test("are counted with the containers that have them", async () => {
    const [image] = await engine.list(`/images/json${query({ reference: [testImage] })}`);
    assert.equal(image?.["Containers"], 3);
    const [old] = await engine.list(`/v1.50/images/json${query({ reference: [testImage] })}`);
    assert.equal(old?.["Containers"], -1);
  });

  test("that a container runs of can't be removed by force", async () => {
    const { Id } = await engine.succeeds("GET", `/images/${testImage}/json`);
    const id = String(Id).replace("sha256:", "");
    const { status, body } = await engine.api("DELETE", `/images/${id}?force=1`);
    assert.equal(status, 409);
    assert.deepEqual(body, {
      message: `conflict: unable to delete ${id.slice(0, 12)} (cannot be forced) - image is being used by running container ${ids["first"]?.slice(0, 12)}`,
    });
  });

  test("removed by force while a container has them go with it", async () => {
    const tar = makeTar([{ path: "only", content: "here" }]);
    const asked = request({
      ...{ socketPath: engine.socketPath, method: "POST" },
      path: "/images/create?fromSrc=-&repo=held&tag=1",
    });
    asked.end(tar);
    const [answer] = (await once(asked, "response")) as [IncomingMessage];
    assert.match(await text(answer), /^\{"status":"sha256:/);
    const { Id } = await engine.succeeds("GET", "/images/held:1/json");
    await engine.create(["true"], { name: "user", Image: "held:1" });
    const { status, body } = await engine.api("DELETE", "/images/held:1");
    assert.equal(status, 409);
    assert.match(String(body["message"]), /\(must force\) - container/);
    const removed = await engine.list("/images/held:1?force=1", "DELETE");
    assert.deepEqual(removed, [{ Untagged: "held:1" }, { Deleted: Id }]);
    assert.equal((await engine.api("GET", "/images/held:1/json")).status, 404);
    await engine.succeeds("POST", "/containers/user/start");
    assert.equal(await engine.wait("user"), 0);
    const [shown] = await engine.list(`/containers/json${query({ name: ["user"] }, "&all=1")}`);
    assert.equal(shown?.["Image"], Id);
    await engine.succeeds("DELETE", "/containers/user");
  });

  test("are told by their platform, in API's JSON", async () => {
    const of = (platform: object) =>
      engine.api(
        "GET",
        `/images/${testImage}/json?platform=${encodeURIComponent(JSON.stringify(platform))}`,
      );
    assert.equal((await of({ os: "linux", architecture: "amd64" })).status, 200);
    assert.equal((await of({ os: "linux", architecture: "arm64" })).status, 404);
    assert.deepEqual((await of({})).body, { message: "both OS and Architecture must be provided" });
  });
});

test("networks are the three that every dockerd has, found by name, id and its beginning", async () => {
  const networks = await engine.list("/networks");
  assert.deepEqual(
    networks.map(({ Name, Driver }) => [Name, Driver]),
    [
      ["none", "null"],
      ["host", "host"],
      ["bridge", "bridge"],
    ],
  );
  const bridge = networks[2];
  const id = requireText(bridge, "Id");
  for (const name of ["bridge", id, id.slice(0, 12)])
    assert.equal((await engine.succeeds("GET", `/networks/${name}`))["Id"], id);
  const looked = await engine.succeeds("GET", "/networks/bridge");
  assert.deepEqual(Object.keys(asObject(looked["Containers"])), [ids["first"]]);
  const first = await engine.succeeds("GET", "/containers/first/json");
  const networksOf = asObject(asObject(first["NetworkSettings"])["Networks"]);
  assert.equal(asObject(networksOf["bridge"])["NetworkID"], id);
});

test("a volume that isn't there is removed by force without a word", async () => {
  assert.equal((await engine.api("DELETE", "/volumes/absent")).status, 404);
  assert.equal((await engine.api("DELETE", "/volumes/absent?force=1")).status, 204);
  const listed = asObjects((await engine.succeeds("GET", "/volumes"))["Volumes"]);
  assert.deepEqual(
    listed.map(({ Name, Labels, Options }) => [Name, Labels, Options]),
    [["kept", null, null]],
  );
});

test("events of the past are told from a moment with a fraction, and end where they should", async () => {
  const told = await engine.eventObjects("second");
  const moments = told.map(({ timeNano }) => Number(timeNano));
  assert.ok(moments.every((moment, index) => index === 0 || moment > (moments[index - 1] ?? 0)));
  const die = told.find(({ Action }) => Action === "die");
  const nano = BigInt(Math.round(Number(die?.["timeNano"])));
  const fraction = `${nano / 1_000_000_000n}.${String(nano % 1_000_000_000n).padStart(9, "0")}`;
  const after = await engine.eventsSince(fraction, JSON.stringify({ container: ["second"] }));
  assert.equal(after[0]?.["Action"], "die");
  assert.equal(after.length, told.length - told.indexOf(die ?? {}));
});
