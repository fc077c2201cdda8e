import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { mkdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { DvmError } from "../../src/base/errors.ts";
import { EngineClient } from "../../src/client/engine-client.ts";
import { makeSourceTree } from "../support/source-tree.ts";
import { listTar, type TarListing } from "../support/tar-listing.ts";
import { makeTar, streamOf } from "../support/tar.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { eventually } from "../support/fetch-text.ts";
import { TestDaemon } from "../support/test-daemon.ts";
import { unpackedByPodman } from "../support/unpacked-by-podman.ts";

const image = "dvm-fixture:small";
const forever = "trap exit TERM; while :; do sleep 0.1; done";
const capability = Buffer.from("0100000200200000000000000000000000000000", "hex");
const largeBytes = 300_000_000;
const daemonBoundKiB = 200 * 1024;
let daemon: TestDaemon;
let client: EngineClient;

before(async () => {
  daemon = await TestDaemon.start({
    images: ["small.docker-save.tar"],
    settings: { DVM_POOL: "0" },
  });
  client = new EngineClient({ socketPath: join(daemon.root, "run/dvm.sock") });
});
after(async () => {
  client?.[Symbol.dispose]();
  await daemon?.[Symbol.asyncDispose]();
});

/** A container without a network; it runs on, or has ended, or was never started. */
async function container(
  name: string,
  options: { script?: string; state?: "running" | "exited" | "created"; flags?: string[] } = {},
): Promise<string> {
  const { script = forever, state = "running", flags = [] } = options;
  const words = [...flags, "--name", name, "--network", "none", image, script];
  if (state === "created") await daemon.succeeds(["create", ...words]);
  else await daemon.succeeds(["run", ...(state === "running" ? ["-d"] : []), ...words]);
  return name;
}

async function insideOf(name: string, path: string): Promise<TarListing> {
  return listTar((await client.files.read(name, path)).tar);
}

/** Files of each container's own: mount points that a start makes, and Docker's init layer. */
const agents = [
  ...["etc/hosts", "etc/hostname", "etc/resolv.conf"],
  ...[".dockerenv", "etc/mtab", "dev/console"],
];

/** Without the times of those. */
async function exported(name: string): Promise<TarListing> {
  const tree = await listTar(await client.files.export(name));
  for (const path of agents) tree[path] = { ...tree[path], time: undefined };
  return tree;
}

const copiesIn: [from: string, to: string, ...flags: string[]][] = [
  ["tree", "/new"],
  ["tree", "/tmp"],
  ["tree/", "/tmp/slash"],
  ["tree/.", "/tmp"],
  ["tree/.", "/content"],
  ["file", "/tmp"],
  ["file", "/tmp/"],
  ["file", "/tmp/renamed"],
  ["file", "/missing/"],
  ["file", "/no/such/folder"],
  ["file", "/etc/passwd"],
  ["tree", "/etc/passwd"],
  ["nothing", "/tmp"],
  ["to-tree", "/tmp"],
  ["to-tree", "/followed", "-L"],
  ["to-tree/", "/tmp"],
  ["file", "/way"],
  ["tree", "/way"],
  ["file", "/dangling"],
  ["file", "tmp/relative"],
];

const copiesOut: [from: string, to: string, ...flags: string[]][] = [
  ["/tmp/tree", "new"],
  ["/tmp/tree", "."],
  ["/tmp/tree/.", "content"],
  ["/tmp/tree/", "slash"],
  ["/tmp/tree/one", "renamed"],
  ["/tmp/tree/one", "missing/"],
  ["/tmp/tree/one", "no/such/folder"],
  ["/tmp/tree", "renamed"],
  ["/tmp/tree/soft", "link"],
  ["/tmp/tree/soft", "followed", "-L"],
  ["/tmp/nothing", "nothing"],
  ["/bin/sh", "."],
  ["/tmp/tree/one", "content"],
];

const ways =
  "ln -s /tmp /way; ln -s /tmp/not-yet /dangling; touch -hd '2001-02-03 04:05:06' /way /dangling; ";
/** By emulation a machine for each takes its time: what a machine of its own could make different. */
const casesOfStopped = new Set(["/new", "/tmp/renamed", "/etc/passwd", "/way", "new", "link"]);

for (const state of ["running", "exited"] as const) {
  test(`cp puts everything where docker's own CLI does: ${state}`, async () => {
    await using work = await temporaryFolder();
    await makeSourceTree(work.path);
    const script = ways + (state === "running" ? forever : "");
    const [ours, theirs] = [`ours-${state}`, `theirs-${state}`];
    await container(ours, { script, state });
    await container(theirs, { script, state });
    const isMeant = (to: string) => state === "running" || casesOfStopped.has(to);
    for (const [from, to, ...flags] of copiesIn.filter(([, to]) => isMeant(to))) {
      const options = { cwd: work.path };
      const mine = await daemon.dvm(["cp", "-q", ...flags, from, `${ours}:${to}`], options);
      const other = await daemon.docker(["cp", "-q", ...flags, from, `${theirs}:${to}`], options);
      assert.equal(mine.code, other.code, `${from} ${to}: ${mine.stderr} | ${other.stderr}`);
    }
    assert.deepEqual(await exported(ours), await exported(theirs));
    for (const [from, to, ...flags] of copiesOut.filter(([, to]) => isMeant(to))) {
      for (const folder of ["mine", "other"])
        await mkdir(join(work.path, folder), { recursive: true });
      const mine = await daemon.dvm(["cp", "-q", ...flags, `${ours}:${from}`, to], {
        cwd: join(work.path, "mine"),
      });
      const other = await daemon.docker(["cp", "-q", ...flags, `${theirs}:${from}`, to], {
        cwd: join(work.path, "other"),
      });
      assert.equal(mine.code, other.code, `${from} ${to}: ${mine.stderr} | ${other.stderr}`);
    }
    assert.deepEqual(
      await listFolder(join(work.path, "mine")),
      await listFolder(join(work.path, "other")),
    );
  });
}

async function listFolder(folder: string): Promise<TarListing> {
  const child = spawn("tar", ["-C", folder, "--numeric-owner", "-cf", "-", "."]);
  const listing = await listTar(child.stdout);
  assert.notDeepEqual(Object.keys(listing), []);
  return listing;
}

test("cp moves a tar by standard input and output, and tells in docker's words what is wrong", async () => {
  const name = await container("tars");
  const tar = makeTar([
    { path: "made/file", content: "x", uid: 7, pax: { "SCHILY.xattr.user.note": "\u00e9" } },
  ]);
  const put = await daemon.dvm(["cp", "-", `${name}:/tmp`], { input: tar });
  assert.deepEqual(put, { code: 0, stdout: "", stderr: "" });
  assert.partialDeepStrictEqual(await insideOf(name, "/tmp/made/file"), {
    file: { owner: "7:0", size: 1, time: 1_700_000_000, xattrs: ["user.note=c3a9"] },
  });
  const got = await daemon.docker(["cp", `${name}:/tmp/made`, "-"]);
  assert.match(got.stdout, /made\/file/);
  const failure = async (...words: string[]) => (await daemon.dvm(["cp", ...words])).stderr.trim();
  assert.equal(
    await failure(`${name}:/nope`, "-"),
    `Error response from daemon: Could not find the file /nope in container ${name}`,
  );
  assert.equal(
    await failure("-", `${name}:/etc/passwd`),
    `destination "${name}:/etc/passwd" must be a directory`,
  );
  assert.equal(await failure("a:/x", "b:/y"), "copying between containers is not supported");
  assert.equal(await failure("a", "b"), "must specify at least one container source");
  assert.match(await failure("nosuch:/x", "-"), /No such container: nosuch/);
});

test("an archive can't lead out of the folder that it is unpacked in", async () => {
  const name = await container("hostile");
  const refused = async (path: string, entries: Parameters<typeof makeTar>[0]) => {
    const writing = client.files.write(name, path, streamOf(makeTar(entries)), { asUser: false });
    await assert.rejects(writing, DvmError);
  };
  await refused("/tmp", [{ path: "../etc/spoilt", content: "x" }]);
  await refused("/tmp", [{ path: "hard", type: "1", link: "../etc/passwd" }]);
  await refused("/tmp", [
    { path: "a", type: "5" },
    { path: "a", content: "no folder" },
  ]);
  await refused("/etc/passwd", [{ path: "a", content: "x" }]);
  assert.equal((await insideOf(name, "/etc"))["etc/spoilt"], undefined);
});

test("volumes and binds are seen by cp, whether the container runs or not, and never by export", async () => {
  await using work = await temporaryFolder();
  await writeFile(join(work.path, "given"), "given");
  const flags = ["-v", "kept:/vol", "-v", `${work.path}:/bind`];
  const name = await container("mounts", { flags, state: "exited", script: "echo v > /vol/own" });
  assert.deepEqual(Object.keys(await insideOf(name, "/vol")), ["vol", "vol/own"]);
  assert.deepEqual(Object.keys(await insideOf(name, "/bind")), ["bind", "bind/given"]);
  const tar = streamOf(makeTar([{ path: "from-outside", content: "x" }]));
  await client.files.write(name, "/vol", tar, { asUser: false });
  await daemon.succeeds(["start", "-a", name]);
  assert.deepEqual(Object.keys(await insideOf(name, "/vol")), [
    "vol",
    "vol/from-outside",
    "vol/own",
  ]);
  const tree = await exported(name);
  assert(tree["vol"] !== undefined && tree["vol/own"] === undefined, "the mount point alone");
  assert.equal(tree["bind/given"], undefined);
  assert.deepEqual(
    Object.keys(tree).filter((path) => /^(dev|sys|proc)\//.test(path)),
    ["dev/console", "dev/pts", "dev/shm"],
  );
});

test("a container that was never started takes files, and finds them when it starts", async () => {
  const name = await container("created", { state: "created", script: "cat /tmp/brought" });
  assert.equal(await daemon.succeeds(["diff", name]), "");
  await daemon.succeeds(["export", "-o", join(daemon.root, "created.tar"), name]);
  const tree = await listTar(createReadStream(join(daemon.root, "created.tar")));
  assert(tree["bin/busybox"] !== undefined);
  const tar = streamOf(makeTar([{ path: "brought", content: "brought\n" }]));
  await client.files.write(name, "/tmp", tar, { asUser: false });
  assert.equal(await daemon.succeeds(["start", "-a", name]), "brought\n");
  const id = (await daemon.succeeds(["inspect", "-f", "{{.Id}}", name])).slice(0, 12);
  assert(!(await daemon.machines()).includes(id));
});

test("a read-only root refuses files, its volumes don't, and one that is read-only does", async () => {
  const flags = ["--read-only", "-v", "open:/open", "-v", "closed:/closed:ro"];
  const name = await container("read-only", { flags });
  const put = (path: string) =>
    client.files.write(name, path, streamOf(makeTar([{ path: "x", content: "x" }])), {
      asUser: false,
    });
  await assert.rejects(put("/tmp"), { code: "invalid", message: /rootfs is marked read-only/ });
  await assert.rejects(put("/closed"), {
    code: "invalid",
    message: /volume is marked read-only/,
  });
  await put("/open");
});

test("files belong to the container's user with -a, else to who they belonged to", async () => {
  const name = await container("owners", { flags: ["-u", "alice"] });
  const put = (path: string, asUser: boolean) =>
    client.files.write(name, "/tmp", streamOf(makeTar([{ path, content: "x", uid: 33 }])), {
      asUser,
    });
  await put("as-user", true);
  await put("as-it-was", false);
  assert.partialDeepStrictEqual(await insideOf(name, "/tmp"), {
    "tmp/as-user": { owner: "1000:1000" },
    "tmp/as-it-was": { owner: "33:0" },
  });
});

const changing = [
  "echo x >> /etc/passwd; rm /bin/vi; rm -r /work; mkdir /work; echo own > /work/own",
  "mkdir -p /new/sub; echo f > /new/sub/f; ln /new/sub/f /new/hard; ln -s sub/f /new/soft",
  "mkfifo /new/fifo; mknod /new/node c 1 3; chmod 6755 /new/sub/f; chown 5:6 /new/hard",
  "rm /bin/wget; mkdir /bin/wget; touch -d '2001-02-03 04:05:06' /new/sub/f; true",
].join("; ");
const changes = `C /bin
D /bin/vi
C /bin/wget
C /etc
C /etc/passwd
A /new
A /new/fifo
A /new/hard
A /new/node
A /new/soft
A /new/sub
A /new/sub/f
C /work
A /work/own
D /work/replaced
`;

test("diff tells what changed, and nothing of what DVM puts into a container itself", async () => {
  const stopped = await container("changed", { script: changing, state: "exited" });
  assert.equal(await daemon.succeeds(["diff", stopped]), changes);
  const running = await container("changes", { script: `${changing}; echo ready; ${forever}` });
  await waitForLog(running, "ready");
  assert.equal(await daemon.succeeds(["container", "diff", running]), changes);
  const docker = await daemon.docker(["diff", running]);
  assert.equal(docker.stdout, changes);
  const untouched = await container("untouched", { script: "true", state: "exited" });
  assert.equal(await daemon.succeeds(["diff", untouched]), "");
});

async function waitForLog(name: string, text: string): Promise<void> {
  while (!(await daemon.succeeds(["logs", name])).includes(text)) await delay(50);
}

for (const state of ["running", "exited"] as const) {
  test(`what commit makes of a container is the container, path by path: ${state}`, async () => {
    const script = `${changing}; echo ready; ${state === "running" ? forever : ""}`;
    const name = await container(`committed-${state}`, { script, state });
    await waitForLog(name, "ready");
    const entry = { path: "able", content: "#!", mode: 0o755 };
    const pax = { "SCHILY.xattr.security.capability": capability, "SCHILY.xattr.user.a": "b" };
    const tar = streamOf(makeTar([{ ...entry, pax }]));
    await client.files.write(name, "/new", tar, { asUser: false });
    const words = ["-m", "why", "-a", "me", "-c", "ENV ADDED=1", name, `made:${state}`];
    const id = (await daemon.succeeds(["commit", ...words])).trim();
    const copy = await container(`copy-${state}`, { state: "created" }).then(async (made) => {
      await daemon.succeeds(["rm", made]);
      await daemon.succeeds(["create", "--name", made, "--network", "none", `made:${state}`]);
      return made;
    });
    const [original, again] = [await exported(name), await exported(copy)];
    assert.partialDeepStrictEqual(original["new/able"], {
      xattrs: [`security.capability=${capability.toString("hex")}`, "user.a=62"],
    });
    assert.deepEqual(again, original);
    assert.deepEqual(await unpackedByPodman(daemon, `made:${state}`), withoutMountPoints(original));
    const [inspected] = JSON.parse(await daemon.succeeds(["image", "inspect", id]));
    assert.equal(inspected.Id, id);
    assert(inspected.Config.Env.includes("ADDED=1"));
    await daemon.succeeds(["rm", "-f", copy, name]);
  });
}

/** A container has them, its image hasn't. */
function withoutMountPoints(tree: TarListing): TarListing {
  const own = new Set(["dev", "proc", "sys", "dev/pts", "dev/shm", ...agents]);
  return Object.fromEntries(Object.entries(tree).filter(([path]) => !own.has(path)));
}

test("a committed image runs, with its new command and environment", async () => {
  const name = await container("to-run", { script: "echo kept > /kept", state: "exited" });
  const change = 'CMD ["cat /kept; echo $ADDED"]';
  const docker = await daemon.docker([
    ...["commit", "-c", change, "-c", "ENV ADDED=too", name, "made:run"],
  ]);
  assert.match(docker.stdout, /^sha256:[0-9a-f]{64}\n$/);
  assert.equal(
    await daemon.succeeds(["run", "--rm", "--network", "none", "made:run"]),
    "kept\ntoo\n",
  );
  const [history] = JSON.parse(await daemon.succeeds(["inspect", "made:run"]));
  assert.equal(history.RootFS.Layers.length, 3);
});

test("a container goes on after a commit, and a paused one stands still while its files move", async () => {
  const counting = "i=0; while :; do i=$((i+1)); echo $i > /tmp/count; sleep 0.02; done";
  const name = await container("counting", { script: counting });
  const count = async () => {
    const { tar } = await client.files.read(name, "/tmp/count");
    return JSON.stringify(await listTar(tar));
  };
  await daemon.succeeds(["commit", name]);
  const before = await eventually(count); // its program may not have come that far
  while ((await count()) === before) await delay(50);
  await daemon.succeeds(["pause", name]);
  const paused = await count();
  for (let round = 0; round < 5; round += 1) assert.equal(await count(), paused);
  await daemon.succeeds(["commit", "--pause=false", name]);
  assert.equal(await count(), paused);
  assert.equal(await daemon.succeeds(["inspect", "-f", "{{.State.Status}}", name]), "paused\n");
  await daemon.succeeds(["unpause", name]);
  while ((await count()) === paused) await delay(50);
});

test(
  "a large file goes in and out whole, and the daemon's memory stays bounded",
  { timeout: 300_000 },
  async () => {
    await using work = await temporaryFolder();
    const file = join(work.path, "large");
    await writeFile(file, Buffer.from("start"));
    await truncate(file, largeBytes);
    const name = await container("large");
    await daemon.succeeds(["cp", "-q", file, `${name}:/large`]);
    const { large } = await insideOf(name, "/large");
    const hash = createHash("sha256");
    for await (const piece of createReadStream(file)) hash.update(piece);
    assert.partialDeepStrictEqual(large, { size: largeBytes, content: hash.digest("hex") });
    const status = await readFile(`/proc/${daemon.pid}/status`, "utf8");
    const peak = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]);
    assert(peak < daemonBoundKiB, `${peak} KiB`);
    await daemon.succeeds(["rm", "-f", name]);
  },
);

test("a reader that leaves in the middle frees a stopped container", async () => {
  const script = "head -c 50000000 /dev/zero > /big";
  const name = await container("left", { state: "exited", script });
  const { tar } = await client.files.read(name, "/big");
  await once(tar, "readable");
  tar.destroy();
  await daemon.succeeds(["rm", name]);
});
