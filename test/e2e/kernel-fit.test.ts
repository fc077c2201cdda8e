import assert from "node:assert/strict";
import { mkdir, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { z } from "zod";
import { listKernels } from "../../src/kernel/kernel-catalogue.ts";
import { asObject } from "../../src/client/json.ts";
import { testCache } from "../support/cache.ts";
import { eventually } from "../support/fetch-text.ts";
import { dockerArchive, makeTar } from "../support/tar.ts";
import { TestDaemon } from "../support/test-daemon.ts";

const small = "dvm-fixture:small";
const debian = "dvm-fixture:debian";
const fitSchema = z.object({
  Recipe: z.string(),
  Needs: z.array(
    z.object({ Feature: z.string(), Option: z.string(), Reason: z.string(), Source: z.string() }),
  ),
  Refused: z.array(z.object({ What: z.string(), Error: z.string() })),
  Program: z.object({ Paths: z.array(z.string()), Static: z.boolean() }).nullable(),
  Trial: z.object({ ExitCode: z.number().nullable(), CutShort: z.boolean() }).nullable(),
  Remembered: z.boolean(),
});

const kernels = await listKernels(join(testCache, "data"));
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start({
    images: ["small.docker-save.tar", "debian.docker.tar"],
    settings: { DVM_POOL: "0" },
  });
});
after(() => daemon?.[Symbol.asyncDispose]());

async function fit(...words: string[]) {
  return fitSchema.parse(
    JSON.parse(await daemon.succeeds(["kernel", "fit", "--json", "--fresh", ...words])),
  );
}

const python = (...lines: string[]) => ["python3", "-c", lines.join("\n")];

test("a static program of an image needs the smallest kernel", async () => {
  const found = await fit(small);
  assert.deepEqual([found.Recipe, found.Needs, found.Refused], ["hyper-min", [], []]);
  assert.deepEqual(found.Program, { Paths: ["/bin/sh"], Static: true });
  assert.deepEqual([found.Trial, found.Remembered], [{ ExitCode: 0, CutShort: false }, false]);
  assert.deepEqual(await daemon.machines(), []);
  assert.equal(await daemon.succeeds(["ps", "-aq"]), "");
});

test("a server needs what it was seen to use, and is ended when its time is over", async () => {
  const found = await fit("--time", "6", debian, "redis-server");
  assert.equal(found.Recipe, "hyper");
  assert.equal(found.Trial?.ExitCode, null);
  assert.deepEqual(
    found.Needs.map(({ Feature, Reason, Source }) => [Feature, Reason, Source]),
    [["ipv6", "IPv6 sockets", "trial"]],
  );
});

test("what asks for more is found, and so is what was refused", async () => {
  const found = await fit(
    debian,
    ...python(
      "import socket, ctypes, os",
      "call = ctypes.CDLL(None, use_errno=True).syscall",
      "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)",
      "call(425, 4, 0)",
      "open('/proc/%d/smaps' % os.getpid()).read()",
      "call(165, b'none', b'/mnt', b'btrfs', 0, 0)",
      "call(447, 0)",
      "try: open('/proc/dvm_record').read()",
      "except PermissionError: os._exit(7)",
    ),
  );
  assert.equal(found.Trial?.ExitCode, 7, "a container reads no record");
  assert.equal(found.Recipe, "hyper-full");
  assert.deepEqual(found.Needs.map(({ Option }) => Option).sort(), [
    "CONFIG_IO_URING",
    "CONFIG_NETFILTER",
    "CONFIG_PROC_PAGE_MONITOR",
  ]);
  const refused = found.Refused.map(({ What, Error }) => `${What}: ${Error}`);
  assert(refused.includes("btrfs: EPERM"), refused.join());
  assert(refused.includes("system call memfd_secret: ENOSYS"), refused.join());
});

test("links of the network are told by their kind, where the program may make them", async () => {
  const command = python(
    "import socket, struct, os",
    "def link(kind):",
    "  inner = struct.pack('HH', 4 + len(kind), 1) + kind + b'\\0' * (-len(kind) % 4)",
    "  body = bytes(16) + struct.pack('HH', 4 + len(inner), 18) + inner",
    "  return struct.pack('IHHII', 16 + len(body), 16, 0x405, 1, 0) + body",
    "s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)",
    "s.send(link(b'bridge'))",
    "answer = struct.unpack('i', s.recv(4096)[16:20])[0]",
    "s.sendmsg([link(b'dummy')])",
    "os._exit(-answer)",
  );
  const may = await fit("--privileged", debian, ...command);
  assert.deepEqual([may.Trial?.ExitCode, may.Recipe], [0, "hyper-full"]);
  assert.deepEqual(may.Needs.map(({ Option }) => Option).sort(), ["CONFIG_BRIDGE", "CONFIG_DUMMY"]);
  const mayNot = await fit(debian, ...command);
  assert.deepEqual([mayNot.Trial?.ExitCode, mayNot.Recipe], [1, "hyper-min"]);
  assert(mayNot.Refused.some(({ What, Error }) => What === "network bridges" && Error === "EPERM"));
});

test("labels and volumes count without a trial, and that isn't taken for one", async () => {
  const layer = makeTar([{ path: "true", content: "", mode: 0o755 }]);
  const config = {
    Cmd: ["/true"],
    Labels: { "dvm.kernel.features": "fuse,nosuch" },
    Volumes: { "/data": {} },
  };
  const image = makeTar(dockerArchive([layer], { name: "labelled:latest", config }));
  await daemon.succeeds(["load"], { input: image });
  const found = await fit("--no-trial", "labelled");
  assert.deepEqual([found.Recipe, found.Trial], ["hyper", null]);
  assert.deepEqual(
    found.Needs.map(({ Feature, Source }) => `${Feature} ${Source}`),
    ["fuse label", "fuse image"],
  );
  assert.match(found.Refused[0]?.What ?? "", /feature nosuch, by label/);
  // a file of no bytes is no program: its trial ends as its container would
  const again = await fit("labelled");
  assert.equal(again.Trial?.ExitCode, 1);
});

test("a program for another machine is refused before it is tried", async () => {
  const header = Buffer.alloc(64);
  header.write("\x7fELF\x01\x01\x01", "latin1");
  header.writeUInt16LE(3, 18);
  const layer = makeTar([{ path: "old", content: header, mode: 0o755 }]);
  const image = makeTar(dockerArchive([layer], { name: "old:latest", config: { Cmd: ["/old"] } }));
  await daemon.succeeds(["load"], { input: image });
  const { code, stderr } = await daemon.dvm(["kernel", "fit", "old"]);
  assert.equal(code, 1);
  assert.match(stderr, /\/old is a program of 32 bits for i386: no kernel of DVM's runs it/);
});

test("run --kernel fit uses the answer without another trial, until the image goes", async () => {
  await using own = await TestDaemon.start({
    images: ["small.docker-save.tar"],
    settings: { DVM_POOL: "0" },
  });
  const store = await ownStore(own);
  await own.succeeds(["run", "--rm", "--kernel", "fit", small]);
  await rm(join(store, await storedName("hyper-full")));
  await own.succeeds(["run", "--name", "fitted", "--kernel", "fit", small]);
  const kernel = await own.succeeds(["inspect", "-f", "{{.Dvm.Start.Kernel}}", "fitted"]);
  const smallest = kernels.some(({ name }) => name === "hyper-min") ? "hyper-min" : "hyper";
  assert.match(kernel, new RegExp(`^${smallest} \\d`));
  // what a container asks for counts, too
  await own.succeeds(["run", "--name", "bound", "--kernel", "fit", "-v", "/usr:/a:ro", small]);
  assert.match(
    await own.succeeds(["inspect", "-f", "{{.Dvm.Start.Kernel}}", "bound"]),
    /^hyper \d/,
  );
  assert.match(await own.succeeds(["cp", "fitted:/work/replaced", "-"]), /two/);
  const remembered = await own.succeeds(["kernel", "fit", small]);
  assert.match(remembered, /Trial: earlier; the answer is remembered\nSmallest recipe: hyper-min/);
  const other = await own.dvm(["run", "--rm", "--kernel", "fit", small, "true"]);
  assert.equal(other.code, 125);
  assert.match(
    other.stderr,
    /tried on the kernel hyper-full, which is not built\n.*kernel build hyper-full/,
  );
  await own.succeeds(["rm", "fitted", "bound"]);
  await own.succeeds(["rmi", small]);
  await own.succeeds(["load", "-i", join(testCache, "fixtures/small.docker-save.tar")]);
  assert.match((await own.dvm(["kernel", "fit", small])).stderr, /which is not built/);
});

test("a trial needs a kernel with a recorder, and one that is given up leaves nothing", async () => {
  await using own = await TestDaemon.start({ images: ["small.docker-save.tar"] });
  const store = await ownStore(own);
  const words = ["--accel", "tcg", "--time", "60", small, "sleep 1000"];
  const stopped = own.spawnClient(["kernel", "fit", ...words]);
  await eventually(async () => assert.equal((await own.machineProcesses()).length, 1));
  stopped.kill("SIGINT");
  await eventually(async () => assert.deepEqual(await own.machineProcesses(), []));
  await eventually(async () => assert.deepEqual(await own.machines(), []));
  assert.deepEqual(await readdir(join(own.root, "data/pool")), []);
  await rm(join(store, await storedName("hyper-full")));
  await asNamed(store, await storedName("hyper"), "hyper-full");
  const { code, stderr } = await own.dvm(["kernel", "fit", small]);
  assert.equal(code, 1);
  assert.match(stderr, /kernel hyper-full was built without a recorder\nrun: dvm kernel build/);
});

/** Puts a kernel into the store once more, under another name. */
async function asNamed(store: string, id: string, name: string): Promise<void> {
  const folder = join(store, `${name}-renamed`);
  await mkdir(folder);
  for (const file of await readdir(join(store, id)))
    if (file !== "kernel.json") await symlink(join(store, id, file), join(folder, file));
  const record = asObject(JSON.parse(await readFile(join(store, id, "kernel.json"), "utf8")));
  await writeFile(join(folder, "kernel.json"), JSON.stringify({ ...record, name }));
}

/** Gives the daemon a kernel store of its own, with the same kernels. */
async function ownStore(own: TestDaemon): Promise<string> {
  const store = join(own.root, "data/kernels");
  await rm(store);
  await mkdir(store);
  const shared = join(testCache, "data/kernels");
  for (const name of await readdir(shared)) await symlink(join(shared, name), join(store, name));
  return store;
}

async function storedName(name: string): Promise<string> {
  return kernels.find((kernel) => kernel.name === name)?.id ?? "";
}
