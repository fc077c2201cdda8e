import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { descriptionOf, faultsOf } from "../support/api-description/watch-answers.ts";
import { deviations } from "../support/api-description/deviations.ts";
import { TestEngine } from "../support/test-engine.ts";
import { testImage } from "../support/test-image.ts";

/* Docker describes each version of its API; what is asked here is held against that by TestEngine. */

const versions = [...Array.from({ length: 21 }, (_one, index) => `1.${25 + index}`), "1.51"];

let engine: TestEngine;
let running: string;

before(async () => {
  engine = await TestEngine.open();
  running = await engine.run(["sleep", "600"], {
    name: "described",
    ExposedPorts: { "81/tcp": {} },
    Labels: { a: "b" },
    HostConfig: { Binds: ["kept:/kept"], Memory: 32 * 2 ** 20 },
  });
  await engine.create(["true"], { name: "still" });
});
after(() => engine?.[Symbol.asyncDispose]());

suite("answers are as Docker describes them", () => {
  const paths = [
    ...["/info", "/version", "/system/df", "/plugins", "/swarm", "/images/json?all=1"],
    ...["/containers/json?all=1&size=1", "/containers/described/json?size=1"],
    ...["/containers/still/json", "/containers/described/top", "/containers/described/changes"],
    ...["/containers/described/stats?stream=0&one-shot=1", "/containers/absent/json"],
    ...["/containers/still/stats?stream=0"],
    ...[`/images/${testImage}/json`, `/images/${testImage}/history`, "/images/absent/json"],
    ...["/volumes", "/volumes/kept", "/volumes/absent", "/networks", "/networks/bridge"],
    ...["/networks/none", "/networks/absent", "/services", "/tasks", "/nodes", "/secrets"],
    ...["/configs", "/exec/absent/json", "/containers/json?filters=x"],
  ];
  for (const version of versions)
    test(`of version ${version}`, async (context) => {
      if ((await descriptionOf(version)) === undefined)
        return context.skip(`Docker's description of API ${version} is not in the cache`);
      const before = engine.answers.length;
      for (const path of paths) await engine.api("GET", `/v${version}${path}`);
      const made = await engine.api("POST", `/v${version}/containers/create`, { Image: testImage });
      await engine.api("POST", `/v${version}/containers/create`, { Image: "absent" });
      const exec = { Cmd: ["true"], AttachStdout: true };
      const { body } = await engine.api("POST", `/v${version}/containers/${running}/exec`, exec);
      await engine.api("GET", `/v${version}/exec/${String(body["Id"])}/json`);
      await engine.api("POST", `/v${version}/volumes/create`, { Name: "fleeting" });
      await engine.api("DELETE", `/v${version}/volumes/fleeting`);
      await engine.api("DELETE", `/v${version}/containers/${String(made.body["Id"])}`);
      for (const kind of ["containers", "images", "volumes", "networks"])
        await engine.api("POST", `/v${version}/${kind}/prune?filters={"label":["absent"]}`);
      assert.deepEqual(await faultsOf(engine.answers.slice(before)), []);
    });
});

test("each way in which they differ has its reason", () => {
  for (const { why } of deviations) assert.match(why, /\w+ \w+/);
});
