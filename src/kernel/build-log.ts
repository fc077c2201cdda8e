import { randomUUID } from "node:crypto";
import { copyFile, mkdir, open, rename, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { finished } from "node:stream/promises";
import { describeError, DvmError } from "../base/errors.ts";

const keptLines = 5;
/** What compilers, linkers and shells say of a fault. */
const fault = /(^|\s)error: |No space left|undefined reference|: not found$/;
/** What each make above it adds; told only where nobody else said anything. */
const makesOwn = /^make(\[\d+\])?: \*\*\* /;
/** In the words of Node, of most programs, and of tar. */
const fullDisk = /ENOSPC|No space left on device|: Wrote only \d+ of/;

/** All that a build says, kept whether it ends well or not. */
export interface BuildLog extends AsyncDisposable {
  readonly path: string;
  write(text: string): void;
  /** Copies what was written so far. */
  copyTo(path: string): Promise<void>;
  /** What went wrong, with what the log says about it and its path. */
  explain(cause: unknown): DvmError;
}

/** The log of the latest build of `recipe`; a build that still goes on keeps its own. */
export async function openBuildLog(dataRoot: string, recipe: string): Promise<BuildLog> {
  const path = join(dataRoot, "kernel-logs", `${recipe}.log`);
  const file = await openInPlaceOf(path);
  const own = `/proc/self/fd/${file.fd}`;
  const stream = file.createWriteStream();
  stream.on("error", () => {}); // a full disk stops the build itself, and tells more
  const faults: string[] = [];
  const others: string[] = [];
  return {
    path,
    write: (text) => {
      stream.write(text);
      keepFirst(faults, text, fault);
      keepFirst(others, text, makesOwn);
    },
    copyTo: async (target) => {
      await new Promise<void>((resolve) => stream.write("", () => resolve()));
      await copyFile(own, target);
    },
    explain: (cause) => explain(cause, { path, lines: faults.length > 0 ? faults : others }),
    [Symbol.asyncDispose]: async () => {
      stream.end();
      await finished(stream).catch(() => {});
    },
  };
}

async function openInPlaceOf(path: string): Promise<FileHandle> {
  try {
    await mkdir(dirname(path), { recursive: true });
    const fresh = `${path}.${randomUUID()}`;
    const file = await open(fresh, "wx", 0o644);
    await rename(fresh, path);
    return file;
  } catch (cause) {
    throw fullDisk.test(describeError(cause)) ? noSpace(cause) : cause;
  }
}

/** The first lines that tell: what comes later follows from them. */
function keepFirst(lines: string[], text: string, pattern: RegExp): void {
  for (const line of text.split("\n"))
    if (lines.length < keptLines && pattern.test(line)) lines.push(line);
}

function explain(cause: unknown, { path, lines }: { path: string; lines: string[] }): DvmError {
  if (fullDisk.test(`${describeError(cause)}\n${lines.join("\n")}`)) return noSpace(cause);
  if (cause instanceof DvmError && cause.code !== "internal") return cause;
  const said = lines.length === 0 ? "" : `:\n${lines.join("\n")}`;
  return new DvmError("internal", `cannot build a kernel: make failed${said}`, {
    cause,
    hint: `the whole log is ${path}`,
  });
}

function noSpace(cause: unknown): DvmError {
  return new DvmError("no-space", "cannot build a kernel: the disk is full", {
    cause,
    hint: "a build takes some 2 GB for a while; DVM_DATA_ROOT moves it to another disk",
  });
}
