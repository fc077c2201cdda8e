import assert from "node:assert/strict";
import { readdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { TestDaemon } from "../support/test-daemon.ts";

const image = "dvm-fixture:small";
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start({
    images: ["small.docker-save.tar"],
    settings: { DVM_TEMPLATES: "off" }, // else machines come and go that no container has
  });
});
after(() => daemon?.[Symbol.asyncDispose]());

/** Runs, expects this exit code and message, and that nothing is left behind. */
async function refuses(words: string[], code: number, message: RegExp): Promise<void> {
  const before = await leftovers();
  const result = await daemon.dvm(["run", "--rm", ...words]);
  assert.match(result.stderr, message);
  assert.equal(result.code, code, result.stderr);
  assert.deepEqual(await leftovers(), before);
}

async function leftovers(): Promise<unknown> {
  return {
    containers: (await daemon.succeeds(["ps", "-aq"])).split("\n"),
    folders: await readdir(join(daemon.root, "data/containers")),
    machines: await daemon.machines(),
  };
}

test("an unknown image is refused with 125", async () => {
  await refuses(
    ["127.0.0.1:1/no-such-image"],
    125,
    /Unable to find image '127.0.0.1:1\/no-such-image:latest' locally\n.*cannot reach http/s,
  );
});

test("an unknown command gives 127", async () => {
  await refuses(
    ["--entrypoint", "nosuch", image],
    127,
    /"nosuch": executable file not found in \$PATH/,
  );
  await refuses(["--entrypoint", "/nosuch", image], 127, /\/nosuch: no such file or directory/);
});

test("what is not executable gives 126", async () => {
  await refuses(["--entrypoint", "/etc/passwd", image], 126, /permission denied/);
  await refuses(["--entrypoint", "/etc", image], 126, /is a directory|permission denied/);
});

test("a user that the image doesn't know is refused", async () => {
  await refuses(["-u", "nobody-here", image], 125, /unable to find user nobody-here/);
});

test("a name in use is refused, and the container that has it is left alone", async () => {
  await daemon.succeeds(["create", "--name", "taken", image]);
  await refuses(["--name", "taken", image], 125, /The container name "\/taken" is already in use/);
  assert.equal(await daemon.succeeds(["inspect", "-f", "{{.State.Status}}", "taken"]), "created\n");
});

test("too little memory is refused", async () => {
  await refuses(["-m", "4m", image], 125, /Minimum memory limit allowed is 6MB/);
});

test("more processors than there are, are refused", async () => {
  await refuses(["--cpus", "1000", image], 125, /range of CPUs is from 0\.01 to/);
});

test("a port in use is refused", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  assert(typeof address === "object" && address !== null);
  try {
    await refuses(
      ["-p", `127.0.0.1:${address.port}:80`, image],
      125,
      /port is already allocated|address already in use/,
    );
  } finally {
    server.close();
  }
});

test("a bind source that isn't there is refused by --mount", async () => {
  const mount = `type=bind,source=${daemon.root}/nowhere,target=/x`;
  await refuses(["--mount", mount, image], 125, /bind source path does not exist: .*\/nowhere/);
});

test("an unknown network, capability or security option is refused", async () => {
  await refuses(["--network", "nowhere", image], 125, /network nowhere not found/);
  await refuses(["--cap-add", "NONSENSE", image], 125, /NONSENSE/);
  await refuses(["--security-opt", "seccomp=x", image], 125, /seccomp/);
});

test("a file that is no kernel is refused", async () => {
  const path = join(daemon.root, "no-kernel");
  await writeFile(path, "nothing like a kernel");
  await refuses(
    ["--kernel", path, image],
    125,
    /cannot use kernel .*no-kernel: not a Linux bzImage/,
  );
});

test("--accel kvm is an error where KVM doesn't work, and says why", async (context) => {
  const info = await daemon.succeeds(["info"]);
  if (/Accelerator: kvm/.test(info)) return context.skip("KVM works here");
  await refuses(["--accel", "kvm", image], 125, /cannot use KVM: /);
});

test("an accelerator that nobody knows is an error that names those there are", async () => {
  const known = /^ *Accelerators: (.*)$/m.exec(await daemon.succeeds(["info"]))?.[1] ?? "";
  assert.notEqual(known, "");
  await refuses(["--accel", "warp", image], 125, /invalid accelerator: warp: it is auto or one of/);
  await refuses(["--accel", "warp", image], 125, new RegExp(known));
});

test("an unknown flag, a bad number and a missing argument name what is wrong", async () => {
  const messages: [string[], number, RegExp][] = [
    [["run", "--nonsense", image], 125, /unknown flag: --nonsense/],
    [["run", "-m", "lots", image], 125, /invalid argument "lots" for "-m, --memory" flag/],
    [["run"], 1, /'dvm run' requires at least 1 argument/],
    [["nonsense"], 1, /unknown command: dvm nonsense/],
  ];
  for (const [words, code, message] of messages) {
    const result = await daemon.dvm(words);
    assert.match(result.stderr, message);
    assert.equal(result.code, code, words.join(" "));
  }
});

test("two daemons don't share a run root", async () => {
  const result = await daemon.client(
    process.execPath,
    [join(import.meta.dirname, "../../src/bin/dvmd.ts")],
    {},
  );
  assert.equal(result.code, 3);
  assert.match(result.stderr, /it runs already/);
});

test("a daemon that is told of a hypervisor that DVM doesn't know says so, and ends", async () => {
  const roots = ["--data-root", `${daemon.root}/other`, "--run-root", `${daemon.root}/other-run`];
  const program = join(import.meta.dirname, "../../src/bin/dvmd.ts");
  const result = await daemon.client(
    "env",
    ["DVM_HYPERVISOR=vbox", process.execPath, program, ...roots],
    {},
  );
  assert.equal(result.code, 1);
  assert.match(result.stderr, /cannot use DVM_HYPERVISOR=vbox: it is none of qemu/);
});

test("bodies that are not what the API takes are refused with 400", async () => {
  const post = (path: string, body: string) =>
    daemon.client(
      "curl",
      [
        "-sS",
        "--unix-socket",
        join(daemon.root, "run/dvm.sock"),
        "-H",
        "Content-Type: application/json",
        "-d",
        body,
        "-w",
        "\n%{http_code}",
        `http://dvm${path}`,
      ],
      {},
    );
  for (const body of ["{", "[]", '{"Image":7}', '{"Image":"x","HostConfig":{"Memory":"much"}}']) {
    const { stdout } = await post("/v1.47/containers/create", body);
    assert.match(stdout, /\{"message":".+"\}\n\n400$/, body);
  }
});
