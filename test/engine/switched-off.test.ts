import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { TestEngine } from "../support/test-engine.ts";

/* What dockerd 28 answers where it is in no swarm and has no plugins. */

let engine: TestEngine;

before(async () => {
  engine = await TestEngine.open();
});
after(() => engine?.[Symbol.asyncDispose]());

type Question = readonly ["GET" | "POST" | "DELETE", path: string, body?: object];

const notManager =
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.';

suite("no swarm", () => {
  const asked: readonly Question[] = [
    ["GET", "/swarm"],
    ["GET", "/swarm/unlockkey"],
    ["POST", "/swarm/update?version=1", {}],
    ["POST", "/swarm/unlock", {}],
    ...["services", "nodes", "tasks", "secrets", "configs"].flatMap((list): Question[] => [
      ["GET", `/${list}`],
      ["GET", `/v1.24/${list}/x`],
    ]),
    ...["services", "nodes", "secrets", "configs"].flatMap((list): Question[] => [
      ["DELETE", `/${list}/x`],
      ["POST", `/${list}/x/update?version=3`, {}],
    ]),
    ...["services", "secrets", "configs"].map((list): Question => ["POST", `/${list}/create`, {}]),
    ["GET", "/services/x/logs?stdout=1"],
    ["GET", "/tasks/x/logs?stderr=1"],
  ];
  for (const [method, path, body] of asked)
    test(`${method} ${path}: this node is no manager`, async () => {
      const answer = await engine.api(method, path, body);
      assert.deepEqual([answer.status, answer.body], [503, { message: notManager }]);
    });
});

suite("what is wrong with a question is said first", () => {
  const asked: readonly (readonly [...Question, status: number, message: string])[] = [
    ["GET", "/services?filters={", {}, 400, "invalid filter"],
    ["POST", "/swarm/init", {}, 400, 'invalid ListenAddr "": invalid empty address'],
    ["POST", "/swarm/leave", {}, 503, "This node is not part of a swarm"],
    [
      ...(["POST", "/services/x/update", {}, 400] as const),
      `invalid service version '': strconv.ParseUint: parsing "": invalid syntax`,
    ],
    ["POST", "/secrets/x/update", {}, 400, "invalid secret version"],
    [
      ...(["GET", "/tasks/x/logs", {}, 500] as const),
      "Bad parameters: you must choose at least one stream",
    ],
    ["GET", "/plugins/a/b/json", {}, 404, 'plugin "a/b" not found'],
    ["DELETE", "/plugins/x", {}, 404, 'plugin "x" not found'],
    ["POST", "/plugins/x/enable?timeout=0", {}, 404, 'plugin "x" not found'],
    ["POST", "/plugins/x/set", {}, 404, 'plugin "x" not found'],
    ["GET", '/plugins?filters={"enabled":["y"]}', {}, 400, "invalid filter 'enabled=[y]'"],
    ["POST", "/build/cancel", {}, 400, "build ID not provided"],
    [
      ...(["POST", '/build/prune?filters={"x":["y"]}', {}, 400] as const),
      "failed to prune build cache: invalid filter 'x'",
    ],
  ];
  for (const [method, path, body, status, message] of asked)
    test(`${method} ${path}: ${message}`, async () => {
      const answer = await engine.api(method, encodeURI(path), method === "GET" ? undefined : body);
      assert.deepEqual([answer.status, answer.body], [status, { message }]);
    });
});

test("there are no plugins, and a prune of builds has nothing to do", async () => {
  assert.deepEqual(await engine.list("/plugins"), []);
  assert.deepEqual((await engine.api("POST", "/build/prune")).body, {
    CachesDeleted: null,
    SpaceReclaimed: 0,
  });
});
