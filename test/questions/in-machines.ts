import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { answersIn, buildFileServer, type FileServerPrograms } from "../support/file-server.ts";
import { TestDaemon } from "../support/test-daemon.ts";

/** Where the container's own disk, which overlayfs joins with the image, has another answer. */
const ofOverlay = [
  "a file without a name gets one",
  "a file that never gets a name",
  "renaming leaves a whiteout",
  "a file is opened by its handle",
  "kinds and inodes of entries",
  "appending begins later and ends",
];
/** What the kernel's FUSE asks no server for. */
const refusedByFuse = ["blocks are taken out and put in"];

let daemon: TestDaemon;
let programs: FileServerPrograms;

before(async () => {
  daemon = await TestDaemon.start({ images: ["debian.docker.tar"] });
  programs = await buildFileServer();
});
after(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await programs?.[Symbol.asyncDispose]();
});

test("a volume and a bind answer a container's program as its own disk does", async () => {
  const folder = join(daemon.root, "folder");
  await mkdir(folder);
  await daemon.succeeds([
    ...["run", "-d", "--name", "asked", "-v", "volume:/volume", "-v", `${folder}:/bind`],
    ...["-v", `${programs.questions}:/questions:ro`, "dvm-fixture:debian", "sleep", "10000"],
  ]);
  const ask = async (place: string) => {
    const words = ["/questions", place, place, place];
    await daemon.succeeds(["exec", "asked", "mkdir", "-p", place]);
    const { stdout } = await daemon.dvm(["exec", "asked", ...words], { timeoutMs: 900_000 });
    return answersIn(stdout);
  };
  const own = await ask("/own");
  assert(own.size >= 120, `${own.size} questions`);
  for (const place of ["/volume", "/bind"]) {
    const answers = await ask(place);
    const different = [...own.keys()].filter((one) => own.get(one) !== answers.get(one));
    const unexpected = different.filter((one) => ![...ofOverlay, ...refusedByFuse].includes(one));
    assert.deepEqual(
      unexpected.map((one) => `${one}: ${answers.get(one)}, not ${own.get(one)}`),
      [],
    );
  }
});
