import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { readElf } from "../../src/image/program/elf.ts";
import { findProgram } from "../../src/image/program/find-program.ts";
import { ImageStore } from "../../src/image/store/image-store.ts";
import { staticBusybox } from "../support/made-guest.ts";
import { dockerArchive, makeTar, streamOf, type MadeEntry } from "../support/tar.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const elfOf = (bytes: Buffer) =>
  readElf(async (offset, length) => {
    assert(Number.isSafeInteger(offset) && offset >= 0 && length >= 0 && length < 65_536);
    return bytes.subarray(offset, offset + length);
  });

test("a program's headers tell its loader and its libraries, or that it is static", async () => {
  const node = await elfOf(await readFile(process.execPath));
  assert.deepEqual([node?.bits, node?.machine], [64, 62]);
  assert.match(node?.interpreter ?? "", /^\/lib64\/ld-linux-x86-64\.so\.2$/);
  assert(node?.libraries.includes("libc.so.6"), node?.libraries.join());
  const busybox = await elfOf(await staticBusybox());
  assert.deepEqual(busybox, { bits: 64, machine: 62, interpreter: undefined, libraries: [] });
});

test("programs of other machines are told by their first bytes, and other files are none", async () => {
  const header = Buffer.alloc(64);
  header.write("\x7fELF\x01\x01\x01", "latin1");
  header.writeUInt16LE(3, 18);
  assert.deepEqual(await elfOf(header), {
    ...{ bits: 32, machine: 3 },
    ...{ interpreter: undefined, libraries: [] },
  });
  for (const text of ["", "\x7fELF", "#!/bin/sh\n".repeat(10)])
    assert.equal(await elfOf(Buffer.from(text)), undefined);
});

test("no header makes the reader ask for what isn't there, or never end", async () => {
  const whole = (await readFile("/bin/ls")).subarray(0, 200_000);
  const end = Date.now() + 3_000;
  for (let round = 0; Date.now() < end; round += 1) {
    const bytes = Buffer.from(whole.subarray(0, randomInt(64, whole.length)));
    for (let change = randomInt(1, 20); change > 0; change -= 1)
      randomBytes(8).copy(bytes, randomInt(4, Math.min(bytes.length, 1_200)));
    const found = await elfOf(bytes);
    for (const name of found?.libraries ?? []) assert.match(name, /^[!-~]{1,255}$/);
  }
});

const folder = (path: string): MadeEntry => ({ path, type: "5", mode: 0o755 });
const link = (path: string, to: string): MadeEntry => ({ path, type: "2", link: to });
const program = (path: string, content: string | Buffer): MadeEntry => ({
  ...{ path, content },
  mode: 0o755,
});

test("a command's program is found as a process of the image would find it", async () => {
  const busybox = await staticBusybox();
  const lower = makeTar([
    folder("bin"),
    program("bin/busybox", busybox),
    link("bin/sh", "../../../bin/busybox"),
    program("bin/gone", "#!/bin/sh\n"),
    { path: "bin/data", content: "no program" },
    folder("usr"),
    folder("usr/bin"),
    program("usr/bin/env", busybox),
    link("usr/bin/absolute", "/bin/sh"),
    link("usr/bin/round", "round"),
    link("usr/bin/away", "/../../etc/passwd"),
  ]);
  const upper = makeTar([
    { path: "bin/.wh.gone" },
    program("bin/script", "#!/bin/sh -e\necho\n"),
    program("usr/bin/tool", "#! /usr/bin/env -S A=b script\n"),
    program("usr/bin/itself", "#!/usr/bin/itself\n"),
    program("work/run", "#!../bin/sh\n"),
  ]);
  await using root = await temporaryFolder();
  await using store = await ImageStore.open(root.path);
  await store.load(streamOf(makeTar(dockerArchive([lower, upper]))));
  const layers = store.find("made").layers.map((diffId) => store.layerFolder(diffId));
  const look = async (...args: string[]) =>
    findProgram({ layers, args, path: "/bin:/usr/bin", cwd: "/work" });
  const expected: [name: string, paths: string[] | undefined][] = [
    ["sh", ["/bin/sh"]],
    ["absolute", ["/usr/bin/absolute"]],
    ["script", ["/bin/script", "/bin/sh"]],
    ["tool", ["/usr/bin/tool", "/bin/script", "/bin/sh"]],
    ["./run", ["/work/./run", "/work/../bin/sh"]],
    ["/bin/../bin/sh", ["/bin/../bin/sh"]],
    ...["gone", "data", "round", "away", "nowhere", "/etc/passwd", "/bin", ""].map(
      (name): [string, undefined] => [name, undefined],
    ),
  ];
  for (const [name, paths] of expected) {
    const found = await look(name, "argument");
    assert.deepEqual(found?.paths, paths, name);
    if (paths !== undefined) assert.equal(found?.elf?.machine, 62, name);
  }
  const itself = await look("itself");
  assert.deepEqual([itself?.paths.length, itself?.elf], [6, undefined]);
});
