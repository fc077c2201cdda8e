import assert from "node:assert/strict";
import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { asObject } from "../../src/client/json.ts";
import { TestEngine } from "../support/test-engine.ts";

let engine: TestEngine;

before(async () => {
  engine = await TestEngine.open();
});
after(() => engine?.[Symbol.asyncDispose]());

/** What the guest of a container that runs has of mounts, and what its machine's server serves. */
async function mountsOf(HostConfig: object, more: object = {}) {
  const id = await engine.run(["sleep", "600"], { HostConfig, ...more });
  const shares = engine.served.shares(id);
  const mounts = engine.script.setups.at(-1)?.mounts ?? [];
  await engine.succeeds("POST", `/containers/${id}/kill`);
  return { id, mounts, shares };
}

suite("binds", () => {
  test("a folder of the host is shared, and mounted where it was asked for", async () => {
    const path = join(engine.root, "folder");
    await mkdir(path);
    const { mounts, shares } = await mountsOf({ Binds: [`${path}:/in/side:ro`] });
    assert.deepEqual(
      shares.map(({ path, readOnly }) => ({ path, readOnly })),
      [{ path, readOnly: true }],
    );
    const [mount] = mounts;
    assert.deepEqual(
      [mount?.kind, mount?.share, mount?.target, mount?.readOnly, mount?.populate],
      ["share", shares[0]?.name, "/in/side", true, false],
    );
  });

  test("a single file is shared alone, so that its siblings stay unseen", async () => {
    const source = join(engine.root, "file");
    await writeFile(source, "content");
    const { mounts, shares } = await mountsOf({ Binds: [`${source}:/etc/one`] });
    assert.deepEqual(
      shares.map(({ path, owners }) => ({ path, owners })),
      [{ path: source, owners: process.getuid?.() === 0 ? "real" : "ours" }],
    );
    assert.deepEqual([mounts[0]?.share, mounts[0]?.target], [shares[0]?.name, "/etc/one"]);
  });

  test("a hundred binds are a hundred shares, each of its own name", async () => {
    const path = join(engine.root, "many");
    await mkdir(path);
    const Binds = Array.from({ length: 100 }, (_, index) => `${path}:/many/${index}`);
    const { mounts, shares } = await mountsOf({ Binds });
    assert.equal(mounts.length, 100);
    assert.equal(new Set(shares.map(({ name }) => name)).size, 100);
  });

  test("a source that isn't there is made at the start, or refused where it is a mount's", async () => {
    const source = join(engine.root, "not", "there");
    const HostConfig = { Binds: [`${source}:/x`] };
    const made = await engine.create(["sleep", "600"], { HostConfig });
    await assert.rejects(stat(source), { code: "ENOENT" });
    await engine.succeeds("POST", `/containers/${made}/start`);
    assert.equal((await stat(source)).mode & 0o7777, 0o755);
    await engine.succeeds("POST", `/containers/${made}/kill`);
    const Mounts = [{ Type: "bind", Source: "/no/such/folder", Target: "/x" }];
    const answer = await engine.api("POST", "/containers/create", {
      ...{ Image: "made", HostConfig: { Mounts } },
    });
    assert.equal(answer.status, 400);
    assert.match(String(answer.body["message"]), /bind source path does not exist: \/no\/such/);
  });

  test("a source whose place is taken by a file ends the start, and nothing is left", async () => {
    const file = join(engine.root, "taken");
    await writeFile(file, "");
    const id = await engine.create(["true"], { HostConfig: { Binds: [`${file}/below:/x`] } });
    const answer = await engine.api("POST", `/containers/${id}/start`);
    assert.equal(answer.status, 400);
    assert.match(String(answer.body["message"]), /error while creating mount source path/);
  });

  test("what lies in another mount comes after it", async () => {
    const path = join(engine.root, "nested");
    await mkdir(path);
    const Binds = [`${path}:/a/b/c`, `${path}:/a`, `${path}:/a/b`];
    const { mounts } = await mountsOf({ Binds });
    assert.deepEqual(
      mounts.map(({ target }) => target),
      ["/a", "/a/b", "/a/b/c"],
    );
  });
});

suite("volumes", () => {
  test("an empty volume is filled from the image, one with content is not", async () => {
    const first = await mountsOf({ Binds: ["kept:/data"] });
    assert.deepEqual([first.mounts[0]?.target, first.mounts[0]?.populate], ["/data", true]);
    await writeFile(join(first.shares[0]?.path ?? "", "file"), "");
    const second = await mountsOf({ Binds: ["kept:/data"] });
    assert.equal(second.shares[0]?.path, first.shares[0]?.path);
    assert.equal(second.mounts[0]?.populate, false);
    assert.equal((await engine.client.volumes.list({}))[0]?.["Name"], "kept");
  });

  test("an anonymous one goes with its container when that was asked for, a named one stays", async () => {
    const { id } = await mountsOf({ Binds: ["named:/a"] }, { Volumes: { "/b": {} } });
    const names = async () =>
      (await engine.client.volumes.list({})).map(({ Name }) => String(Name)).filter(isOurs);
    const isOurs = (name: string) => name !== "kept";
    assert.equal((await names()).length, 2);
    await engine.client.containers.remove(id, { volumes: true });
    assert.deepEqual(await names(), ["named"]);
  });

  test("a volume that a container has can't be removed", async () => {
    const { id } = await mountsOf({ Binds: ["held:/a"] });
    const refused = await engine.api("DELETE", "/volumes/held");
    assert.equal(refused.status, 409);
    await engine.client.containers.remove(id, {});
    await engine.succeeds("DELETE", "/volumes/held");
  });
});

suite("networks and ports", () => {
  const portsOf = async (id: string) =>
    asObject(asObject((await engine.client.containers.inspect(id))["NetworkSettings"])["Ports"]);
  const publishing = (HostPort: string) => ({
    HostConfig: { PortBindings: { "80/tcp": [{ HostIp: "127.0.0.1", HostPort }] } },
    ExposedPorts: { "80/tcp": {} },
  });

  test("without a network the machine has no card", async () => {
    const id = await engine.run(["sleep", "600"], { HostConfig: { NetworkMode: "none" } });
    assert.deepEqual(engine.guestOf(id)?.board.spec.nics, []);
    assert.deepEqual(engine.script.setups.at(-1)?.network.cards, []);
    const settings = asObject((await engine.client.containers.inspect(id))["NetworkSettings"]);
    assert.deepEqual(Object.keys(asObject(settings["Networks"])), ["none"]);
    await engine.succeeds("POST", `/containers/${id}/kill`);
  });

  test("a port left open is chosen, shown while the container runs, and free after it", async () => {
    const id = await engine.run(["sleep", "600"], publishing("0"));
    const [binding] = (await portsOf(id))["80/tcp"] as { HostPort: string }[];
    const taken = await engine.create(["true"], publishing(binding?.HostPort ?? ""));
    const refused = await engine.api("POST", `/containers/${taken}/start`);
    assert.equal(refused.status, 500);
    assert.match(String(refused.body["message"]), /port is already allocated/);
    await engine.succeeds("POST", `/containers/${id}/kill`);
    assert.deepEqual(await portsOf(id), {});
    await engine.succeeds("POST", `/containers/${taken}/start`);
    assert.equal(await engine.wait(taken), 0);
  });

  test("a network that isn't there is missed at the start, not before", async () => {
    const body = { Image: "made", HostConfig: { NetworkMode: "elsewhere" } };
    const created = await engine.api("POST", "/containers/create", body);
    assert.equal(created.status, 201);
    const started = await engine.api("POST", `/containers/${String(created.body["Id"])}/start`);
    assert.equal(started.status, 404);
    assert.match(String(started.body["message"]), /network elsewhere not found/);
  });
});
