import {
  readChanges,
  readFiles,
  statFile,
  writeFiles,
  type TreeChange,
  type TreeEntry,
} from "../../agent/guest-files.ts";
import { DvmError } from "../../base/errors.ts";
import { archiveName, containerPath } from "./container-path.ts";
import { announceMounts, announceUnmounts } from "../containers.ts";
import { inDockersWords } from "./dockers-words.ts";
import type { Engine } from "../core.ts";
import type { ContainerRecord } from "../records.ts";
import { filesOfTar } from "./tar-tree.ts";
import { treeTar } from "./tree-tar.ts";
import { withAgent } from "./with-agent.ts";

/** What stands at a path of a container. */
export interface FoundFile {
  /** As an archive of it calls it; latin1. */
  name: string;
  entry: TreeEntry;
}

export async function statPath(
  engine: Engine,
  container: string,
  path: string,
  signal: AbortSignal,
): Promise<FoundFile> {
  const full = containerPath(path);
  return withAgent(engine, container, { writes: false }, async (agent, { id }) => {
    const entry = await inDockersWords(statFile({ agent, container: id }, full, signal), {
      container,
      path,
    });
    return { name: bytesOf(archiveName(full)), entry };
  });
}

interface Sending {
  /** Is told what is at the path, then given the tar to read; the container is held so long. */
  send: (found: FoundFile, tar: AsyncGenerator<Buffer>) => Promise<void>;
  signal: AbortSignal;
}

/** Reads a file or a tree out of a container, as docker's `cp` does. */
export async function readPath(
  engine: Engine,
  container: string,
  path: string,
  { send, signal }: Sending,
): Promise<void> {
  const full = containerPath(path);
  const name = bytesOf(archiveName(full));
  await withAgent(engine, container, { writes: false }, async (agent, record, progress) => {
    const { id } = record;
    const reading = readFiles({ agent, container: id }, { operation: "out", path: full }, signal);
    const entries = await inDockersWords(reading, { container, path });
    const { value: entry, done } = await entries.next();
    if (done === true) throw new DvmError("damaged", `cannot read ${path}: the guest sent nothing`);
    const prefix = name === "/" ? "/" : `${name}/`;
    const rename = (below: string) => (below === "" ? name : `${prefix}${below}`);
    await send({ name, entry }, watched(treeTar(entries, { rename }), progress));
    announceVisit(engine, record, "archive-path");
  });
}

export interface WriteRequest {
  path: string;
  tar: AsyncIterable<Uint8Array>;
  /** No folder is replaced by something else, nor the other way round. */
  keepKind: boolean;
  /** All is to be the container's user's. */
  asUser: boolean;
  signal: AbortSignal;
}

/** Unpacks a tar into a folder of a container. */
export async function writePath(
  engine: Engine,
  container: string,
  request: WriteRequest,
): Promise<void> {
  const { path, tar, keepKind, asUser, signal } = request;
  await withAgent(engine, container, { writes: true }, async (agent, record) => {
    const options = {
      path: containerPath(path),
      keepKind,
      rootReadOnly: record.run.inside.readOnlyRoot,
      user: asUser ? record.run.process.user : "",
    };
    const writing = writeFiles({ agent, container: record.id }, options, filesOfTar(tar), signal);
    await inDockersWords(writing, { container, path });
    announceVisit(engine, record, "extract-to-dir");
  });
}

/** What a container changed of its image, by path. */
export async function changesOf(
  engine: Engine,
  container: string,
  signal: AbortSignal,
): Promise<TreeChange[]> {
  const changes: TreeChange[] = [];
  await withAgent(engine, container, { writes: false }, async (agent, { id }) => {
    for await (const change of await readChanges({ agent, container: id }, signal))
      changes.push(change);
  });
  return changes.sort((a, b) => comparePaths(a.path, b.path));
}

/** Sends the container's tree as a tar: what image and container made, without mounts. */
export async function exportContainer(
  engine: Engine,
  container: string,
  { send, signal }: { send: (tar: AsyncGenerator<Buffer>) => Promise<void>; signal: AbortSignal },
): Promise<void> {
  await withAgent(engine, container, { writes: false }, async (agent, record, progress) => {
    const entries = await readFiles(
      { agent, container: record.id },
      { operation: "export" },
      signal,
    );
    const rename = (path: string) => (path === "" ? undefined : path);
    await send(watched(treeTar(entries, { rename }), progress));
    engine.announce("export", record);
  });
}

/** A tar whose reader is seen to read. */
async function* watched(tar: AsyncGenerator<Buffer>, progress: () => void): AsyncGenerator<Buffer> {
  for await (const piece of tar) {
    progress();
    yield piece;
  }
}

/** As Docker does, which mounts the container's volumes for so long. */
function announceVisit(engine: Engine, record: ContainerRecord, action: string): void {
  announceMounts(engine, record);
  engine.announce(action, record);
  announceUnmounts(engine, record);
}

/** Folders stand before what is in them. */
function comparePaths(a: string, b: string): number {
  const [left, right] = [a.replaceAll("/", "\0"), b.replaceAll("/", "\0")];
  return left < right ? -1 : Number(left > right);
}

function bytesOf(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}
