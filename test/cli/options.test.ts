import assert from "node:assert/strict";
import { test } from "node:test";
import { parseFlags } from "../../src/cli/flags.ts";
import { containerFlags } from "../../src/cli/options/container-flags.ts";
import { createBody } from "../../src/cli/options/create-body.ts";
import { parseMoment } from "../../src/base/moments.ts";
import { parseMount, readVolumes } from "../../src/cli/options/mounts.ts";
import { readPorts } from "../../src/cli/options/ports.ts";
import { parseBytes, parseCpus } from "../../src/base/parse-sizes.ts";

const surroundings = { environment: { HOME: "/home/me" }, cwd: "/work", terminal: undefined };

function body(...argv: string[]) {
  const { flags, positionals } = parseFlags(argv, containerFlags, { stopAtFirstArgument: true });
  return createBody(flags, positionals, surroundings);
}

test("a published port has docker's forms: address, host port, protocol, ranges", () => {
  const published = (...specifications: string[]) => readPorts(specifications, []).bindings;
  assert.deepEqual(published("80"), { "80/tcp": [{ HostIp: "", HostPort: "" }] });
  assert.deepEqual(published("8080:80/udp"), { "80/udp": [{ HostIp: "", HostPort: "8080" }] });
  assert.deepEqual(published("127.0.0.1::80"), {
    "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "" }],
  });
  assert.deepEqual(published("[::1]:1:2"), { "2/tcp": [{ HostIp: "::1", HostPort: "1" }] });
  assert.deepEqual(published("1000-1001:80-81"), {
    "80/tcp": [{ HostIp: "", HostPort: "1000" }],
    "81/tcp": [{ HostIp: "", HostPort: "1001" }],
  });
});

test("a port that is none is refused by its text", () => {
  for (const wrong of ["x", "1:", "70000", "1-2:80-90", "80/sct", "9-8"])
    assert.throws(() => readPorts([wrong], []), { code: "invalid" }, wrong);
});

test("an exposed range exposes each of its ports and publishes none", () => {
  const ports = readPorts([], ["80-81/udp"]);
  assert.deepEqual(Object.keys(ports.exposed), ["80/udp", "81/udp"]);
  assert.deepEqual(ports.bindings, {});
});

test("a volume is a bind, a named volume or an anonymous one; paths with a dot are made absolute", () => {
  assert.deepEqual(readVolumes(["./a:/x", "data:/y:ro", "/z"], "/work"), {
    binds: ["/work/a:/x", "data:/y:ro"],
    anonymous: { "/z": {} },
  });
  for (const wrong of ["a:b:c:d", ":/x", "a:", "a:/b:"])
    assert.throws(() => readVolumes([wrong], "/"), { message: /invalid spec/ }, wrong);
});

test("a mount is read key by key, and a key of another kind of mount is refused", () => {
  assert.deepEqual(parseMount("type=bind,src=./a,dst=/b,ro", "/work"), {
    Type: "bind",
    Source: "/work/a",
    Target: "/b",
    ReadOnly: true,
  });
  assert.deepEqual(parseMount("type=tmpfs,target=/t,tmpfs-size=1m,tmpfs-mode=1777", "/"), {
    Type: "tmpfs",
    Target: "/t",
    TmpfsOptions: { SizeBytes: 1024 ** 2, Mode: 0o1777 },
  });
  for (const wrong of [
    "type=bind",
    "type=nfs,dst=/x",
    "dst=x",
    "dst=/x,tmpfs-size=1",
    "dst=/x,a=b",
  ])
    assert.throws(() => parseMount(wrong, "/"), { code: "invalid" }, wrong);
});

test("sizes have binary units, processors up to nine decimals", () => {
  assert.equal(parseBytes("512m"), 512 * 1024 ** 2);
  assert.equal(parseBytes("1.5GiB"), 1.5 * 1024 ** 3);
  assert.equal(parseCpus("0.5"), 5e8);
  assert.throws(() => parseBytes("-1"), { code: "invalid" });
  assert.throws(() => parseCpus("two"), { code: "invalid" });
});

test("a moment is a duration ago, a Unix time or a date", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  assert.equal(parseMoment("1h30m", now), (now / 1000 - 5400).toFixed(3));
  assert.equal(parseMoment("1700000000.5", now), "1700000000.5");
  assert.equal(parseMoment("2025-12-31T23:59:59Z", now), (now / 1000 - 1).toFixed(3));
  assert.throws(() => parseMoment("yesterday", now), { code: "invalid" });
});

test("a plain run asks for nothing but its image and command", async () => {
  assert.deepEqual(await body("busybox", "echo", "-n"), {
    Image: "busybox",
    Cmd: ["echo", "-n"],
    Tty: false,
    OpenStdin: false,
    StdinOnce: false,
    AttachStdin: false,
    AttachStdout: true,
    AttachStderr: true,
    HostConfig: {
      AutoRemove: false,
      NetworkMode: "default",
      PublishAllPorts: false,
      ReadonlyRootfs: false,
      Privileged: false,
    },
  });
});

test("input ends with its reader, but a terminal's stays", async () => {
  assert.equal((await body("-i", "x"))["StdinOnce"], true);
  assert.equal((await body("-it", "x"))["StdinOnce"], false);
});

test("a variable without a value comes from the caller, or is left out", async () => {
  assert.deepEqual((await body("-e", "HOME", "-e", "NOPE", "-e", "A=", "x"))["Env"], [
    "HOME=/home/me",
    "A=",
  ]);
});

test("DVM's own choices travel in a field of their own", async () => {
  const { HostConfig } = await body("--kernel", "stock", "--accel", "tcg", "x");
  assert.deepEqual(Object(HostConfig).Dvm, { Kernel: "stock", Accelerator: "tcg" });
});
