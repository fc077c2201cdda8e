import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chown } from "node:fs/promises";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import {
  answersIn,
  buildFileServer,
  missingForMounts,
  MountedShare,
  type FileServerPrograms,
} from "../support/file-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const run = promisify(execFile);
/** What the kernel's FUSE asks no server for; any guest's answer is the same. */
const refusedByFuse = new Map([
  [
    "blocks are taken out and put in",
    "take out EOPNOTSUPP; abcdef; put in EOPNOTSUPP; abcdef; size 24576 blocks some; odd piece EOPNOTSUPP; ",
  ],
]);

let programs: FileServerPrograms;
let ofThisHost: Map<string, string>;

/** Asks all questions about a folder, which two machines and the host reach. */
async function ask(one: string, two: string, host: string): Promise<Map<string, string>> {
  const { stdout } = await run(programs.questions, [one, two, host], { maxBuffer: 2 ** 24 });
  return answersIn(stdout);
}

before(async () => {
  if (missingForMounts !== undefined) return;
  programs = await buildFileServer();
  await using folder = await temporaryFolder();
  ofThisHost = await ask(folder.path, folder.path, folder.path);
});
after(() => programs?.[Symbol.asyncDispose]());

/** The answers by two machines that share a folder, but for those that are the host's own. */
async function differences(owners: "real" | "mapped", uid: number): Promise<Map<string, string>> {
  await using folder = await temporaryFolder();
  await chown(folder.path, uid, uid);
  const options = { programs, owners, shared: folder.path, uid };
  await using one = await MountedShare.start(options);
  await using two = await MountedShare.start(options);
  const answers = await ask(one.path, two.path, folder.path);
  assert.deepEqual([...answers.keys()], [...ofThisHost.keys()]);
  return new Map([...answers].filter(([question, answer]) => ofThisHost.get(question) !== answer));
}

test("a share of root's answers as the host's own folder", { skip: missingForMounts }, async () => {
  assert.ok(ofThisHost.size >= 120, `${ofThisHost.size} questions`);
  assert.deepEqual(await differences("real", 0), refusedByFuse);
});

test(
  "a volume of an ordinary user answers as a folder of root's",
  { skip: missingForMounts },
  async () => {
    assert.deepEqual(await differences("mapped", 65534), refusedByFuse);
  },
);
