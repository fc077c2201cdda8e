import assert from "node:assert/strict";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { readChanges, readFiles, statFile, writeFiles } from "../../src/agent/guest-files.ts";
import type { NewFile } from "../../src/agent/guest-files.ts";
import { AgentMachine, containerOn, run, shell, textOf } from "../support/agent-machine.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const share = await temporaryFolder();
let guest: AgentMachine;
const forever = shell("while :; do sleep 1; done");
const { signal } = new AbortController();

before(async () => {
  guest = await AgentMachine.boot({ slots: 2, share: { path: share.path } });
  await guest.fill(0, "one");
  await guest.fill(1, "two");
});
after(async () => {
  await guest?.[Symbol.asyncDispose]();
  await share[Symbol.asyncDispose]();
});

test("no container is made before its machine is set up, once", async () => {
  const { agent } = guest;
  await assert.rejects(agent.createContainer("a", containerOn(0)), /machine is not set up/);
  const machine = { entropy: Buffer.alloc(8) };
  // the first one's reason is told, though the others went out with it
  const launch = { machine, id: "a", setup: containerOn(0), spec: forever };
  await assert.rejects(agent.launch(launch), /cannot take 8 bytes of entropy/);
  await guest.setUp();
  await assert.rejects(guest.setUp(), /it was done already/);
});

test("what names no container, or a wrong one, is refused", async () => {
  const { agent } = guest;
  for (const id of ["", "a b", "../a", "ä", "x".repeat(65)])
    await assert.rejects(agent.createContainer(id, containerOn(0)), { code: "invalid" }, id);
  const asks = [
    () => agent.freeze("nobody"),
    () => agent.thaw("nobody"),
    () => agent.statistics("nobody"),
    () => agent.processes("nobody"),
  ];
  for (const ask of asks) await assert.rejects(ask(), { code: "not-found" });
  await assert.rejects(agent.destroyContainer("nobody"), { code: "not-found" });
  await assert.rejects(agent.start("nobody", forever), { code: "not-found" });
  const id = "0123456789abcdef".repeat(4);
  await agent.createContainer(id, containerOn(0));
  await assert.rejects(agent.createContainer(id, containerOn(1)), /there is a container/);
  await assert.rejects(agent.createContainer("b", containerOn(0)), /cannot use disk scratch0/);
  await assert.rejects(agent.exec(id, forever), /the container does not run/);
  const absent = { disks: { image: "image7", scratch: "scratch1" } };
  await assert.rejects(agent.createContainer("b", containerOn(1, absent)), /no such disk/);
  assert.deepEqual(
    [...(await agent.resume())].map(([name, { state }]) => [name, state]),
    [[id, "created"]],
  );
  await agent.destroyContainer(id);
});

test("a program that isn't there ends its container, which can be taken away", async () => {
  const { agent } = guest;
  const spec = { ...forever, args: ["/no/such/program"] };
  await assert.rejects(agent.launch({ id: "a", setup: containerOn(0), spec }), {
    code: "command-not-found",
  });
  while ((await agent.resume()).get("a")?.state !== "ended") await delay(5);
  await assert.rejects(agent.start("a", forever), { code: "conflict" });
  await agent.destroyContainer("a");
  const main = await agent.launch({ id: "a", setup: containerOn(0), spec: shell("echo again") });
  assert.equal(await textOf(main.stdout), "again\n");
  await agent.destroyContainer("a");
});

test("files are read and written in the container that is named", async () => {
  const { agent } = guest;
  await agent.launch({ id: "a", setup: containerOn(0), spec: forever });
  await agent.createContainer("b", containerOn(1));
  const [a, b] = ["a", "b"].map((container) => ({ agent, container }));
  assert(a !== undefined && b !== undefined);
  async function* files(): AsyncGenerator<NewFile> {
    yield {
      ...{ path: "new", type: "file", mode: 0o644, uid: 0, gid: 0, sizeBytes: 3 },
      ...{ mtimeSeconds: 1, mtimeNanoseconds: 0, linkTarget: "", deviceMajor: 0, deviceMinor: 0 },
      xattrs: new Map(),
      content: async function* () {
        yield Buffer.from("now");
      },
    };
  }
  const options = { path: "/tmp", keepKind: false, rootReadOnly: false, user: "" };
  await writeFiles(b, options, files(), signal);
  assert.equal((await statFile(b, "/tmp/new", signal)).sizeBytes, 3);
  await assert.rejects(statFile(a, "/tmp/new", signal), { code: "not-found" });
  await run(agent, "a", "echo > /other");
  const changed = async (owner: typeof a) => {
    const paths: string[] = [];
    for await (const { path } of await readChanges(owner, signal)) paths.push(path);
    return paths.sort();
  };
  assert.deepEqual(await changed(a), ["other"]);
  assert.deepEqual(await changed(b), ["tmp", "tmp/new"]);
  for (const id of ["a", "b"]) await agent.destroyContainer(id);
});

test("who reads a container's files slowly keeps neither it nor another from being taken away", async () => {
  const { agent } = guest;
  await agent.launch({ id: "a", setup: containerOn(0), spec: forever });
  await agent.launch({ id: "b", setup: containerOn(1), spec: forever });
  await run(agent, "a", "head -c 2000000 /dev/zero > /zeros");
  const requests = [
    { operation: "export" },
    { operation: "layer" },
    { operation: "out", path: "/" },
  ] as const;
  const owner = { agent, container: "a" };
  const readers = [];
  for (const request of requests) readers.push(await readFiles(owner, request, signal));
  await agent.destroyContainer("b");
  await guest.empty(1);
  await guest.fill(1, "three");
  const next = await agent.launch({ id: "b", setup: containerOn(1), spec: shell("cat /name") });
  assert.equal(await textOf(next.stdout), "three\n");
  await agent.destroyContainer("a");
  for (const reader of readers)
    await assert.rejects(async () => {
      for await (const _ of reader);
    });
  await agent.destroyContainer("b");
});

test("containers share a folder of the host, and one of them leaves it to the other", async () => {
  const { agent } = guest;
  await writeFile(join(share.path, "of-the-host"), "host");
  const mounts = [{ kind: "share" as const, share: "share0", target: "/shared", readOnly: false }];
  const readOnly = mounts.map((mount) => ({ ...mount, readOnly: true }));
  await agent.launch({ id: "a", setup: containerOn(0, { mounts }), spec: forever });
  await agent.launch({ id: "b", setup: containerOn(1, { mounts: readOnly }), spec: forever });
  await run(agent, "a", "echo from-a > /shared/a");
  assert.equal(await run(agent, "b", "cat /shared/a /shared/of-the-host"), "from-a\nhost");
  await assert.rejects(run(agent, "b", "echo > /shared/b"), /Read-only file system/);
  await agent.destroyContainer("a");
  assert.equal(await run(agent, "b", "cat /shared/a"), "from-a\n");
  await agent.destroyContainer("b");
  // and it can be mounted anew
  const again = { id: "a", setup: containerOn(0, { mounts }), spec: shell("cat /shared/a") };
  assert.equal(await textOf((await agent.launch(again)).stdout), "from-a\n");
  await agent.destroyContainer("a");
  assert.deepEqual((await readdir(share.path)).sort(), ["a", "of-the-host"]);
});

test("a privileged container's cgroups and mounts go with it", async () => {
  const { agent } = guest;
  const privileged = { ...forever, privileged: true };
  const setup = containerOn(0, { privileged: true });
  for (let round = 0; round < 3; round += 1) {
    await agent.launch({ id: "a", setup, spec: privileged });
    const line =
      "busybox mkdir -p /sys/fs/cgroup/x/y /m && busybox mount -t tmpfs none /m && " +
      "echo 0 > /sys/fs/cgroup/x/y/cgroup.procs && cat /proc/self/cgroup";
    const inside = await agent.exec("a", shell(line, { privileged: true }));
    assert.equal(await textOf(inside.stdout), "0::/x/y\n");
    await agent.destroyContainer("a");
  }
});

test("a machine ends with all of its containers, and what they wrote is on their disks", async () => {
  const { agent } = guest;
  for (const [slot, id] of ["a", "b"].entries()) {
    await agent.launch({ id, setup: containerOn(slot), spec: forever });
    await run(agent, id, `echo of ${id} > /file`);
  }
  await agent.shutDown();
  await guest.machine.exited;
});
