import assert from "node:assert/strict";
import type { ScriptedGuest } from "../support/fake-machine/scripted-guest.ts";
import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { asObject, asObjects } from "../../src/client/json.ts";
import { TestEngine } from "../support/test-engine.ts";

let engine: TestEngine;

before(async () => {
  engine = await TestEngine.open({ templates: true });
});
after(() => engine?.[Symbol.asyncDispose]());

const make = (Name: string, DriverOpts: object = { type: "disk", size: "64m" }) =>
  engine.api("POST", "/volumes/create", { Name, DriverOpts });

const imageOf = (name: string) => join(engine.root, "data/volumes", name, "disk.img");

async function start(HostConfig: object): Promise<{ id: string; status: number; said: unknown }> {
  const id = await engine.create(["sleep", "600"], { HostConfig });
  const { status, body } = await engine.api("POST", `/containers/${id}/start`);
  return { id, status, said: body["message"] };
}

const kill = (id: string) => engine.succeeds("POST", `/containers/${id}/kill`);

suite("a volume of type disk", () => {
  test("is a sparse file of the size that was asked for, and inspect tells where", async () => {
    const { status, body } = await make("sized", { type: "disk", size: "1g" });
    assert.equal(status, 201);
    const shown = asObject(asObject(body["Status"])["Disk"]);
    assert.equal(shown["SizeBytes"], 2 ** 30);
    const disk = await stat(String(shown["Path"]));
    assert.equal(disk.size, 2 ** 30);
    assert(disk.blocks * 512 < 2 ** 21, `it takes ${disk.blocks * 512} bytes`);
    const usage = await engine.succeeds("GET", "/system/df?type=volume");
    const told = asObjects(usage["Volumes"]).find(({ Name }) => Name === "sized");
    assert.equal(asObject(told?.["UsageData"])["Size"], disk.blocks * 512);
    await engine.succeeds("DELETE", "/volumes/sized");
    await assert.rejects(stat(imageOf("sized")), { code: "ENOENT" });
  });

  test("of options that say nothing is refused, and nothing is left of it", async () => {
    for (const [options, why] of [
      [{ type: "disk", size: "much" }, "invalid size: 'much'"],
      [{ type: "disk", size: "1m" }, "invalid size: '1m': the least is 16m"],
      [{ type: "disk", size: "17t" }, "invalid size: '17t': the most is 16t"],
      [
        { type: "disk", device: "/dev/sda" },
        `invalid option: "device": a volume of type disk takes "size" only`,
      ],
    ] as const) {
      const { status, body } = await make("odd", options);
      assert.deepEqual([status, body["message"]], [400, `create odd: ${why}`]);
    }
    assert.equal((await engine.api("GET", "/volumes/odd")).status, 404);
  });

  test("is made anew where a daemon that was killed has left a disk", async () => {
    await mkdir(join(engine.root, "data/volumes/left"), { recursive: true });
    await writeFile(imageOf("left"), "no file system");
    await make("left", { type: "disk", size: "32m" });
    assert.equal((await stat(imageOf("left"))).size, 32 * 2 ** 20);
  });

  test("is a disk of the machine, one for all of its mounts, and no share", async () => {
    await make("once");
    const { id } = await start({ Binds: ["once:/a", "once:/b:ro", "once:/c:nocopy"] });
    assert.deepEqual(engine.served.shares(id), []);
    const mounts = engine.script.setups.at(-1)?.mounts ?? [];
    assert.deepEqual(
      mounts.map(({ kind, share, target, readOnly, populate }) => ({
        ...{ kind, share, target, readOnly, populate },
      })),
      [
        { kind: "disk", share: "volume0", target: "/a", readOnly: false, populate: true },
        { kind: "disk", share: "volume0", target: "/b", readOnly: true, populate: true },
        { kind: "disk", share: "volume0", target: "/c", readOnly: false, populate: false },
      ],
    );
    const disksOf = (guest: ScriptedGuest | undefined) => guest?.board.spec.disks ?? [];
    const isVolume = ({ name }: { name: string }) => name === "volume0";
    const guest = [...engine.script.guests].find((one) => disksOf(one).some(isVolume));
    const disk = disksOf(guest).find(isVolume);
    assert.deepEqual(disk, {
      ...{ name: "volume0", format: "raw", path: imageOf("once"), readOnly: false },
    });
    assert.equal(guest?.board.spec.template?.use, "clone");
    await kill(id);
  });

  test("is one machine's at a time, and free when that has gone", async () => {
    await make("single");
    const first = await start({ Binds: ["single:/a"] });
    const second = await start({ Binds: ["single:/a:ro"] });
    assert.equal(second.status, 409);
    assert.match(
      String(second.said),
      /^cannot use volume single: it is a disk, and container [0-9a-f]{12} has it/,
    );
    await kill(first.id);
    const again = await engine.api("POST", `/containers/${second.id}/start`);
    assert.equal(again.status, 204);
    await kill(second.id);
  });

  test("is known to be in use by who comes after a daemon", async () => {
    await make("held");
    const { id } = await start({ Binds: ["held:/a"] });
    await engine.endDaemon();
    await engine.startDaemon();
    assert.equal((await start({ Binds: ["held:/a"] })).status, 409);
    assert.equal((await engine.api("DELETE", "/volumes/held")).status, 409);
    await kill(id);
  });

  test("is made at the first start by a mount that brings its options", async () => {
    const VolumeOptions = {
      DriverConfig: { Name: "local", Options: { type: "disk", size: "32m" } },
    };
    const Mounts = [{ Type: "volume", Source: "mounted", Target: "/m", VolumeOptions }];
    const { id, status } = await start({ Mounts });
    assert.equal(status, 204);
    assert.equal((await stat(imageOf("mounted"))).size, 32 * 2 ** 20);
    await kill(id);
  });
});
