import { once } from "node:events";
import { DvmError } from "../base/errors.ts";
import { gather } from "../base/gather.ts";
import type { AgentClient } from "./agent-client.ts";
import type { GuestProcess } from "./guest-process.ts";
import { filesFlag, filesOperation } from "./protocol.ts";
import {
  readTreeChanges,
  readTreeEnd,
  readTreeEntries,
  type TreeChange,
  type TreeEntry,
} from "./tree-reader.ts";
import { treeRecords, type NewFile } from "./tree-writer.ts";
import { brokenProtocol, MessageWriter } from "./wire.ts";

export type { NewFile } from "./tree-writer.ts";
export type { TreeChange, TreeEntry } from "./tree-reader.ts";

const killSignal = 9;
const pieceBytes = 65_536;

/** Whose files are meant. */
export interface FilesOwner {
  agent: AgentClient;
  container: string;
}

/** What stands at `path` of the container, and with a link where that leads in the end. */
export async function statFile(
  owner: FilesOwner,
  path: string,
  signal: AbortSignal,
): Promise<TreeEntry> {
  let found: TreeEntry | undefined;
  const process = await start(owner, { operation: "stat", path });
  for await (const entry of whole(process, signal, readTreeEntries)) {
    if (found !== undefined) throw brokenProtocol("two files where one was asked for");
    found = entry;
  }
  if (found === undefined) throw brokenProtocol("no file where one was asked for");
  return found;
}

/**
 * `out`: what {@link statFile} gives, then what stands at `path` and below, volumes too. `export`:
 * the container's tree as image and container made it, without mounts. `layer`: what the container
 * made, with whiteouts and opaque marks for what it hides of its image.
 */
export async function readFiles(
  owner: FilesOwner,
  request: { operation: "out"; path: string } | { operation: "export" | "layer" },
  signal: AbortSignal,
): Promise<AsyncGenerator<TreeEntry>> {
  return whole(await start(owner, request), signal, readTreeEntries);
}

export async function readChanges(
  owner: FilesOwner,
  signal: AbortSignal,
): Promise<AsyncGenerator<TreeChange>> {
  return whole(await start(owner, { operation: "changes" }), signal, readTreeChanges);
}

export interface WriteOptions {
  /** The folder to write into; links are followed. */
  path: string;
  /** No folder is replaced by something else, nor the other way round. */
  keepKind: boolean;
  /** Only volumes and binds may be written to. */
  rootReadOnly: boolean;
  /** Who shall own everything, looked up in the image; "": who owns it now. */
  user: string;
}

/** Makes files in the container. What was made before a failure stays. */
export async function writeFiles(
  owner: FilesOwner,
  { path, keepKind, rootReadOnly, user }: WriteOptions,
  files: AsyncIterable<NewFile>,
  signal: AbortSignal,
): Promise<void> {
  const flags = (keepKind ? filesFlag.keepKind : 0) | (rootReadOnly ? filesFlag.rootReadOnly : 0);
  const process = await start(owner, { operation: "in", path, flags, user });
  using _ = endOnAbort(process, signal);
  const answer = readTreeEnd(process.stdout);
  const sending = send(process, gather(treeRecords(files), pieceBytes));
  try {
    // the agent's word comes before ours when it can't go on
    await Promise.race([answer, sending.then(() => answer)]);
  } finally {
    answer.catch(() => {});
    sending.catch(() => {});
    if (!process.stdout.isDone) end(process);
  }
}

async function send(process: GuestProcess, pieces: AsyncIterable<Buffer>): Promise<void> {
  const { stdin } = process;
  for await (const piece of pieces) {
    if (stdin.destroyed) return;
    if (!stdin.write(piece)) await Promise.race([once(stdin, "drain"), once(stdin, "close")]);
  }
  stdin.end();
}

interface FilesRequest {
  operation: keyof typeof filesOperation;
  path?: string;
  flags?: number;
  user?: string;
}

async function start(
  { agent, container }: FilesOwner,
  request: FilesRequest,
): Promise<GuestProcess> {
  const payload = new MessageWriter()
    .u8(filesOperation[request.operation])
    .u8(request.flags ?? 0)
    .text(request.path ?? "")
    .text(request.user ?? "")
    .finish();
  const process = await agent.moveFiles(container, payload, { stdin: request.operation === "in" });
  process.stderr.discard();
  return process;
}

/** What `read` makes of the process's output; whoever leaves it early ends the process. */
async function* whole<T>(
  process: GuestProcess,
  signal: AbortSignal,
  read: (source: AsyncIterable<Uint8Array>) => AsyncGenerator<T>,
): AsyncGenerator<T> {
  using _ = endOnAbort(process, signal);
  try {
    yield* read(process.stdout);
  } finally {
    if (!process.stdout.isDone) end(process);
  }
}

/** Else who waits for a guest that has hung would wait on. */
function endOnAbort(process: GuestProcess, signal: AbortSignal): Disposable {
  const onAbort = () => {
    process.stdout.fail(new DvmError("unavailable", "cannot go on: who asked has gone"));
    end(process);
  };
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) onAbort();
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", onAbort) };
}

function end(process: GuestProcess): void {
  process.signal(killSignal).catch(() => {}); // it has ended by itself, or its machine has
  process.stdout.discard();
}
