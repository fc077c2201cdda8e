import assert from "node:assert/strict";
import { test } from "node:test";
import { asObject } from "../../src/client/json.ts";
import { defaultSettings } from "../../src/engine/core/engine-settings.ts";
import { TestEngine } from "../support/test-engine.ts";

test("a container that asks for nothing gets what the daemon was told to give", async () => {
  await using engine = await TestEngine.open();
  engine.settings = {
    ...defaultSettings,
    logDefaults: { driver: "json-file", options: { "max-size": "1m", "max-file": "2" } },
    containerDefaults: {
      ...defaultSettings.containerDefaults,
      shmSizeBytes: 2 ** 20,
      ulimits: [{ Name: "nofile", Soft: 10, Hard: 20 }],
      init: true,
    },
  };
  const plain = await hostConfig(engine, {});
  assert.equal(plain["ShmSize"], 2 ** 20);
  assert.deepEqual(plain["Ulimits"], [{ Name: "nofile", Soft: 10, Hard: 20 }]);
  assert.equal(plain["Init"], true);
  assert.deepEqual(plain["LogConfig"], {
    Type: "json-file",
    Config: { "max-size": "1m", "max-file": "2" },
  });

  const own = await hostConfig(engine, {
    ShmSize: 4096,
    Ulimits: [{ Name: "nofile", Soft: 1, Hard: 2 }],
    LogConfig: { Type: "", Config: { "max-file": "7" } },
  });
  assert.equal(own["ShmSize"], 4096);
  assert.deepEqual(own["Ulimits"], [{ Name: "nofile", Soft: 1, Hard: 2 }]);
  assert.deepEqual(own["LogConfig"], {
    Type: "json-file",
    Config: { "max-size": "1m", "max-file": "7" },
  });
});

async function hostConfig(engine: TestEngine, given: object) {
  const id = await engine.create(["true"], { HostConfig: given });
  return asObject((await engine.succeeds("GET", `/containers/${id}/json`))["HostConfig"]);
}

test("what Docker doesn't show of a container is the daemon's, too, unless the container says it", async () => {
  await using engine = await TestEngine.open();
  engine.settings = {
    ...defaultSettings,
    containerDefaults: {
      ...defaultSettings.containerDefaults,
      noNewPrivileges: true,
      seccomp: { name: "unconfined", profile: "unconfined" },
    },
  };
  const told = async (SecurityOpt: string[]) => {
    const id = await engine.create(["true"], { HostConfig: { SecurityOpt } });
    const { process, confinement } = engine.recordOf(id).run;
    return [process.noNewPrivileges, confinement.seccomp];
  };
  assert.deepEqual(await told([]), [true, "unconfined"]);
  assert.deepEqual(await told(["no-new-privileges=false", "seccomp=builtin"]), [false, "builtin"]);
  const { SecurityOptions } = await engine.succeeds("GET", "/info");
  assert(String(SecurityOptions).includes("name=seccomp,profile=unconfined"));
  assert(String(SecurityOptions).includes("name=no-new-privileges"));
});
