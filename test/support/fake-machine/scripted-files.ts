import {
  filesOperation,
  recordKind,
  treeTypes,
  type TreeType,
} from "../../../src/agent/protocol.ts";
import { MessageWriter } from "../../../src/agent/wire.ts";
import { GuestFailure } from "./agent-messages.ts";

/** Files of a scripted container: content by path. */
export type ScriptedFiles = ReadonlyMap<string, string>;

/** The records that answer FILES for `path`, as guest/protocol.h draws them. */
export function fileRecords(
  files: ScriptedFiles,
  operation: number,
  path: string,
  user: string,
): Buffer {
  if (operation === filesOperation.in) return takeNothing(user);
  const content = files.get(path);
  const below = [...files].filter(([name]) => name.startsWith(path === "/" ? "/" : `${path}/`));
  if (content === undefined && below.length === 0)
    throw new GuestFailure("notFound", `${path}: No such file or directory`);
  const type = content === undefined ? "dir" : "file";
  const stat = entry(recordKind.stat, { type, path: "", bytes: content ?? "" });
  if (operation === filesOperation.stat) return Buffer.concat([stat, done]);
  if (operation !== filesOperation.out)
    throw new GuestFailure("unsupported", `cannot move files by operation ${operation}`);
  const inside = below.map(([name, bytes]) => ({ path: name.slice(path.length + 1), bytes }));
  return Buffer.concat([
    stat,
    entry(recordKind.entry, { type, path: "", bytes: content ?? "" }),
    ...inside.map((file) => entry(recordKind.entry, { type: "file", ...file })),
    done,
  ]);
}

/** Nobody but root is known; files are not taken. */
function takeNothing(user: string): Buffer {
  const name = user.split(":")[0] ?? "";
  if (!["", "root"].includes(name))
    throw new GuestFailure(
      "invalid",
      `unable to find user ${name}: no matching entries in passwd file`,
    );
  return done;
}

function entry(
  kind: number,
  { type, path, bytes }: { type: TreeType; path: string; bytes: string },
): Buffer {
  const content = type === "file" ? Buffer.from(bytes) : Buffer.alloc(0);
  const head = new MessageWriter()
    .u8(treeTypes.indexOf(type))
    .u32(type === "dir" ? 0o755 : 0o644)
    .u32(0)
    .u32(0)
    .u64(1_700_000_000)
    .u32(0)
    .u64(content.length)
    .u32(0)
    .u32(0)
    .u64(0)
    .u64(0)
    .latin1(path)
    .latin1("")
    .list([], () => undefined)
    .finish();
  const own = record(kind, head);
  if (kind === recordKind.stat || content.length === 0) return own;
  return Buffer.concat([own, record(recordKind.content, content)]);
}

function record(kind: number, body: Buffer): Buffer {
  const head = new MessageWriter().u32(body.length + 1).u8(kind);
  return Buffer.concat([head.finish(), body]);
}

const done = record(recordKind.done, Buffer.alloc(0));
