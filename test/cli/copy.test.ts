import assert from "node:assert/strict";
import { lstat, mkdir, readFile, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { findTarget, unpackLocally } from "../../src/cli/copy/local-target.ts";
import {
  parsePlace,
  placeCopy,
  resolveKeepingEnd,
  splitPath,
} from "../../src/cli/copy/path-rules.ts";
import { makeTar, streamOf, type MadeEntry } from "../support/tar.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test("a colon makes a container's path, but for a path of this host", () => {
  assert.deepEqual(parsePlace("web:/etc"), { container: "web", path: "/etc" });
  assert.deepEqual(parsePlace("web:a:b"), { container: "web", path: "a:b" });
  for (const path of ["/a:b", "./a:b", "../a:b", "file", "-"])
    assert.deepEqual(parsePlace(path), { container: undefined, path });
});

test("a dot or a slash at the end of a path keeps its meaning", () => {
  assert.equal(resolveKeepingEnd("/w", "a/."), "/w/a/.");
  assert.equal(resolveKeepingEnd("/w", "a/"), "/w/a/");
  assert.equal(resolveKeepingEnd("/w", "."), "/w/.");
  assert.equal(resolveKeepingEnd("/w", "../x"), "/x");
  assert.deepEqual(splitPath("/a/b/"), { folder: "/a", name: "b" });
  assert.deepEqual(splitPath("/a/b/."), { folder: "/a/b", name: "." });
  assert.deepEqual(splitPath("/"), { folder: "/", name: "/" });
  assert.deepEqual(splitPath("/."), { folder: "/", name: "." });
});

test("docker's table of what goes where", () => {
  const file = { path: "/s/file", isFolder: false };
  const folder = { path: "/s/folder", isFolder: true };
  const content = { path: "/s/folder/.", isFolder: true };
  const at = (path: string, kind?: "file" | "folder") => ({
    path,
    exists: kind !== undefined,
    isFolder: kind === "folder",
  });
  assert.deepEqual(placeCopy(file, at("/d/new")), { folder: "/d", name: "new" });
  assert.deepEqual(placeCopy(file, at("/d/old", "file")), { folder: "/d", name: "old" });
  assert.deepEqual(placeCopy(file, at("/d", "folder")), { folder: "/d", name: "file" });
  assert.deepEqual(placeCopy(folder, at("/d/new")), { folder: "/d", name: "new" });
  assert.deepEqual(placeCopy(folder, at("/d", "folder")), { folder: "/d", name: "folder" });
  assert.deepEqual(placeCopy(content, at("/d/new")), { folder: "/d", name: "new" });
  assert.deepEqual(placeCopy(content, at("/d", "folder")), { folder: "/d", name: "." });
  assert.throws(() => placeCopy(file, at("/d/new/")), { message: "no such directory" });
  assert.throws(() => placeCopy(folder, at("/d/old", "file")), {
    message: "cannot copy directory",
  });
});

/** Unpacks entries called `x` into a folder beside which stands a secret; gives what is in it then. */
async function unpack(
  entries: MadeEntry[],
  prepare: (folder: string) => Promise<unknown> = async () => {},
) {
  await using work = await temporaryFolder();
  const folder = join(work.path, "target");
  await mkdir(folder);
  await writeFile(join(work.path, "secret"), "whole");
  await prepare(folder);
  let failure: unknown;
  try {
    const tar = streamOf(makeTar(entries));
    await unpackLocally(tar, { folder, archiveName: "x", name: "x" });
  } catch (error) {
    failure = error;
  }
  assert.deepEqual((await readdir(work.path)).sort(), ["secret", "target"]);
  assert.equal(await readFile(join(work.path, "secret"), "utf8"), "whole");
  return { failure, names: await readdir(folder, { recursive: true }) };
}

test("no archive makes cp write outside of the target", async () => {
  const attacks: Record<string, MadeEntry[]> = {
    parent: [{ path: "x/../../secret", content: "spoilt" }],
    absolute: [{ path: "/secret", content: "spoilt" }],
    otherName: [{ path: "y", content: "spoilt" }],
    throughItsOwnLink: [
      { path: "x", type: "5" },
      { path: "x/out", type: "2", link: "../.." },
      { path: "x/out/secret", content: "spoilt" },
    ],
    linkInPlaceOfAFolder: [
      { path: "x", type: "5" },
      { path: "x/a", type: "5" },
      { path: "x/a", type: "2", link: "../.." },
      { path: "x/a/secret", content: "spoilt" },
    ],
    hardLinkOut: [{ path: "x", type: "1", link: "../secret" }],
    hardLinkThroughALink: [
      { path: "x", type: "5" },
      { path: "x/out", type: "2", link: "../.." },
      { path: "x/hard", type: "1", link: "x/out/secret" },
      { path: "x/hard", content: "spoilt" },
    ],
    folderOverALink: [
      { path: "x", type: "2", link: ".." },
      { path: "x", type: "5" },
      { path: "x/secret", content: "spoilt" },
    ],
  };
  for (const [name, entries] of Object.entries(attacks))
    assert.notEqual((await unpack(entries)).failure, undefined, name);
});

test("a link that was there already is not written through", async () => {
  const file = await unpack([{ path: "x", content: "new" }], (folder) =>
    symlink("../secret", join(folder, "x")),
  );
  assert.equal(file.failure, undefined);
  const below = await unpack([{ path: "x/secret", content: "new" }], (folder) =>
    symlink("..", join(folder, "x")),
  );
  assert.notEqual(below.failure, undefined);
});

test("a link at the end of the target is followed, and its parent must be there", async () => {
  await using work = await temporaryFolder();
  await mkdir(join(work.path, "real"));
  await symlink("real", join(work.path, "link"));
  const found = await findTarget(join(work.path, "link"));
  assert.deepEqual(found, { path: join(work.path, "real"), exists: true, isFolder: true });
  await assert.rejects(findTarget(join(work.path, "no/where")), {
    message: `invalid output path: directory "${join(work.path, "no")}" does not exist`,
  });
});

test("modes and times are the archive's, of folders that it fills too", async () => {
  await using work = await temporaryFolder();
  const tar = makeTar([
    { path: "x", type: "5", mode: 0o555 },
    { path: "x/file", content: "c", mode: 0o4750 },
  ]);
  await unpackLocally(streamOf(tar), { folder: work.path, archiveName: "x", name: "y" });
  const [folder, file] = [
    await lstat(join(work.path, "y")),
    await lstat(join(work.path, "y/file")),
  ];
  assert.deepEqual(
    [folder, file].map(({ mode, mtimeMs }) => [mode & 0o7777, mtimeMs]),
    [
      [0o555, 1_700_000_000_000],
      [0o4750, 1_700_000_000_000],
    ],
  );
});
