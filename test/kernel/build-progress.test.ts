import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { describeProgress } from "../../src/bin/commands/kernel-progress.ts";
import { standInCheckout, standInLinux } from "../support/stand-in-linux.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const run = promisify(execFile);
const feature = "# microvm: for a test\nCONFIG_KNOWN=y # it can\n";
const time = /^\d+:\d\d /;

test("a build shows step, file and count: elsewhere by lines, in a terminal as one line that changes", async () => {
  await using folder = await temporaryFolder();
  const { archive } = await standInLinux(folder.path, { feature });
  const [program, ...words] = await standInCheckout(folder.path);
  const build = ["--data-root", join(folder.path, "data"), "kernel", "build"];
  words.push(...build, "--source", archive, "little");
  const { stderr } = await run(program, words);
  const lines = stderr.trimEnd().split("\n");
  assert(
    lines.every((line) => time.test(line)),
    stderr,
  );
  assert.deepEqual(
    lines.map((line) => line.replace(time, "").replace(/sha256:\w+/, "DIGEST")),
    [
      "fetching linux.tar.xz DIGEST",
      "unpacking linux.tar.xz DIGEST",
      "configuring little",
      "compiling 1 files init/main.o",
    ],
  );
  await standInLinux(folder.path, { feature, before: "echo '  CC      init/new.o'" });
  const typed = [program, ...words].map((word) => `'${word}'`).join(" ");
  const { stdout } = await run("script", ["-qec", typed, "/dev/null"]);
  const shown = stdout.split("\r\u001b[K").map((line) => line.trimEnd().replace(time, ""));
  assert(shown.includes("configuring little"), stdout);
  assert(shown.includes("compiling 1 of 2 (50 %) init/new.o"), stdout);
  assert.match(shown.at(-1) ?? "", /^\/.*bzImage$/);
});

test("progress is a share of the last build's files, and no promise beyond them", () => {
  const at = (done: number, expected: number) =>
    describeProgress({ step: "compiling", subject: "net/ipv4/tcp.o", done, expected }, 125_000);
  assert.equal(at(812, 1490), "2:05 compiling 812 of 1490 (54 %) net/ipv4/tcp.o");
  assert.equal(at(1490, 1490), "2:05 compiling 1490 of 1490 (100 %) net/ipv4/tcp.o");
  assert.equal(at(1491, 1490), "2:05 compiling 1491 files net/ipv4/tcp.o");
  assert.equal(at(3, 0), "2:05 compiling 3 files net/ipv4/tcp.o");
});
