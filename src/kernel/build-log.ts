import { copyFile, mkdir, open, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { finished } from "node:stream/promises";
import { DvmError, systemErrorCode } from "../base/errors.ts";
import { readTail } from "../host/read-tail.ts";

const tailBytes = 2048;
const errorPattern = /(^|\W)(error|Error|No space left)\b/;

/** All that a build says, kept whether it ends well or not. */
export interface BuildLog extends AsyncDisposable {
  readonly path: string;
  write(text: string): void;
  /** Copies what was written so far. */
  copyTo(path: string): Promise<void>;
  /** What went wrong, with the log's last words about it and its path. */
  explain(cause: unknown): Promise<DvmError>;
}

/** The log of the latest build of `recipe`; a build that still goes on keeps its own. */
export async function openBuildLog(dataRoot: string, recipe: string): Promise<BuildLog> {
  const path = join(dataRoot, "kernel-logs", `${recipe}.log`);
  await mkdir(dirname(path), { recursive: true });
  await rm(path, { force: true });
  const file = await open(path, "wx", 0o644);
  const own = `/proc/self/fd/${file.fd}`;
  const stream = file.createWriteStream();
  stream.on("error", () => {}); // a full disk stops the build itself, and tells more
  const flush = () => new Promise<void>((resolve) => stream.write("", () => resolve()));
  return {
    path,
    write: (text) => void stream.write(text),
    copyTo: async (target) => {
      await flush();
      await copyFile(own, target);
    },
    explain: async (cause) => {
      await flush();
      return explain(cause, { path, tail: await readTail(own, tailBytes) });
    },
    [Symbol.asyncDispose]: async () => {
      stream.end();
      await finished(stream).catch(() => {});
    },
  };
}

function explain(cause: unknown, { path, tail }: { path: string; tail: string }): DvmError {
  const isFull = systemErrorCode(cause) === "ENOSPC" || /No space left on device/.test(tail);
  if (isFull) {
    return new DvmError("no-space", "cannot build a kernel: the disk is full", {
      cause,
      hint: "a build takes some 2 GB for a while; DVM_DATA_ROOT moves it to another disk",
    });
  }
  if (cause instanceof DvmError && cause.code !== "internal") return cause;
  const lines = tail.split("\n").filter((line) => errorPattern.test(line));
  const said = lines.length === 0 ? "" : `:\n${lines.slice(-5).join("\n")}`;
  return new DvmError("internal", `cannot build a kernel: make failed${said}`, {
    cause,
    hint: `the whole log is ${path}`,
  });
}
