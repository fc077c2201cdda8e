import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { TestDaemon } from "../support/test-daemon.ts";

const image = "dvm-fixture:small";
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start({ images: ["small.docker-save.tar"] });
});
after(() => daemon?.[Symbol.asyncDispose]());

const run = (flags: string[], line: string) =>
  daemon.docker(["run", "--rm", ...flags, image, line]);

/** Of a container that is made by the API: the docker CLI at hand may not know its options. */
async function runByApi(HostConfig: object, line: string): Promise<string> {
  const body = JSON.stringify({ Image: image, Entrypoint: ["sh", "-c"], Cmd: [line], HostConfig });
  const made = request({
    ...{ socketPath: join(daemon.root, "run/dvm.sock"), path: "/containers/create?name=by-api" },
    ...{ method: "POST", headers: { "Content-Type": "application/json" } },
  });
  made.end(body);
  const [answer]: IncomingMessage[] = await once(made, "response");
  assert.equal(answer?.statusCode, 201);
  answer?.resume();
  const ran = await daemon.docker(["start", "-a", "by-api"]);
  await daemon.docker(["rm", "-f", "by-api"]);
  return ran.stdout + ran.stderr;
}

test("a part of a volume is mounted, and no link in it leads out", async () => {
  await run(["-v", "parts:/v"], "mkdir -p /v/a/b; echo file > /v/a/f; ln -s a /v/in");
  const part = (Subpath: string) => ({
    Mounts: [{ Type: "volume", Source: "parts", Target: "/x", VolumeOptions: { Subpath } }],
  });
  assert.equal(await runByApi(part("in"), "ls /x; ls /x/.. | grep -c parts"), "b\nf\n0\n");
  assert.equal(await runByApi(part("a/f"), "cat /x; echo more >> /x"), "file\n");
  const { stdout } = await run(["-v", "parts:/v"], "cat /v/a/f");
  assert.equal(stdout, "file\nmore\n");
});

test("an image is mounted read-only, whole or in part", async () => {
  const mounted = (Subpath: string) => ({
    Mounts: [{ Type: "image", Source: image, Target: "/i", ImageOptions: { Subpath } }],
  });
  const whole = await runByApi(mounted(""), "ls -d /i/bin /i/etc; echo x > /i/x");
  assert.match(whole, /^\/i\/bin\n\/i\/etc\n.*Read-only file system/);
  assert.equal(await runByApi(mounted("bin"), "test -e /i/sh && echo there"), "there\n");
});

test("a container's own disk has the size that it was given", async () => {
  const flags = ["--storage-opt", "size=64m"];
  const { stdout } = await run(
    flags,
    "dd if=/dev/zero of=/f bs=1M count=100 2>/dev/null; stat -c %s /f",
  );
  const bytes = Number(stdout);
  assert(bytes > 48 * 2 ** 20 && bytes < 64 * 2 ** 20, stdout);
});

test("a volume of memory is there as long as it is used", async () => {
  const options = ["type=tmpfs", "device=tmpfs", "o=size=1m,uid=7"].flatMap((one) => ["-o", one]);
  await daemon.docker(["volume", "create", ...options, "fleeting"]);
  const first = await run(["-v", "fleeting:/f"], "stat -c %u /f; echo x > /f/x; ls /f");
  assert.equal(first.stdout, "7\nx\n");
  assert.equal((await run(["-v", "fleeting:/f"], "ls /f")).stdout, "");
});

test("a volume can be a folder of the host, which stays", async () => {
  const device = join(daemon.root, "volume-device");
  await daemon.docker(["run", "--rm", "-v", `${device}:/d`, image, "echo kept > /d/kept"]);
  const options = ["type=none", `device=${device}`, "o=bind"].flatMap((one) => ["-o", one]);
  await daemon.docker(["volume", "create", ...options, "folder"]);
  assert.equal((await run(["-v", "folder:/f"], "cat /f/kept; echo new > /f/new")).stdout, "kept\n");
  assert.equal((await daemon.docker(["volume", "rm", "folder"])).code, 0);
  assert.deepEqual((await readdir(device)).sort(), ["kept", "new"]);
});

test("files of /proc and /sys can be mounted on as runc lets them be", async () => {
  const file = join(daemon.root, "facts");
  await writeFile(file, "facts\n");
  const flags = ["-v", `${file}:/proc/uptime:ro`, "-v", `${file}:/sys/class/net/lo/mtu`];
  const { stdout } = await run(flags, "cat /proc/uptime /sys/class/net/lo/mtu");
  assert.equal(stdout, "facts\nfacts\n");
  const refused = await run(["-v", `${file}:/proc/version`], "true");
  assert.match(refused.stderr, /cannot be mounted because it is inside \/proc/);
});

test("the hosts file of the host can be bound read-only", async () => {
  const { stdout } = await run(
    ["-v", "/etc/hosts:/etc/hosts:ro"],
    "cat /etc/hosts; echo x >> /etc/hosts",
  );
  assert.equal(stdout, await readFile("/etc/hosts", "utf8"));
});
