import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { DvmError, systemErrorCode } from "../../base/errors.ts";
import { toolEnvironment } from "../../host/tool-environment.ts";

/** A program that unpacks its standard input to its standard output. */
export interface Unpacker {
  program: string;
  arguments: string[];
  packageName: string;
}

/** The largest dictionary of a preset takes 64 MiB; a stream can ask for 4 GiB. */
const xzMemory = "256MiB";
const keptWords = 500;

/** Docker unpacks xz so, too. */
export const unpackers = {
  xz: {
    program: "xz",
    arguments: ["--decompress", "--stdout", `--memlimit-decompress=${xzMemory}`],
    packageName: "xz-utils",
  },
  bzip2: { program: "bzip2", arguments: ["-d", "-c"], packageName: "bzip2" },
} as const satisfies Record<string, Unpacker>;

/**
 * Unpacks a stream by a program of the host, which has gone when this ends, however it ends. What the
 * program complains of makes the stream damaged.
 */
export async function* unpackedBy(
  unpacker: Unpacker,
  packed: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const child = spawn(unpacker.program, unpacker.arguments, { env: toolEnvironment() });
  await once(child, "spawn").catch((cause: unknown) => {
    throw cannotRun(unpacker, cause);
  });
  const ended = endOf(child);
  const fed = feed(packed, child);
  try {
    for await (const chunk of child.stdout) yield chunk as Buffer;
    const [end, sourceError] = await Promise.all([ended, fed]);
    if (sourceError !== undefined) throw sourceError;
    checkEnd(unpacker, end);
  } finally {
    child.kill("SIGKILL");
    child.stdin.destroy();
    await Promise.all([ended, fed]);
  }
}

interface End {
  status: unknown;
  /** What it complained of. */
  words: string;
}

async function endOf(child: ChildProcessWithoutNullStreams): Promise<End> {
  let words = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    words = (words + text).slice(0, keptWords);
  });
  const [status]: unknown[] = await once(child, "close");
  return { status, words };
}

/** Gives the error of the source, if it has one: that the program reads no more, its end tells. */
async function feed(
  packed: AsyncIterable<Uint8Array>,
  child: ChildProcessWithoutNullStreams,
): Promise<unknown> {
  const source = packed[Symbol.asyncIterator]();
  let failed: unknown;
  async function* watched(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const { value, done } = await source.next().catch((error: unknown) => {
          failed = error;
          throw error;
        });
        if (done === true) return;
        yield value;
      }
    } finally {
      await source.return?.();
    }
  }
  await pipeline(Readable.from(watched(), { objectMode: false }), child.stdin).catch(() => {});
  return failed;
}

function cannotRun({ program, packageName }: Unpacker, cause: unknown): DvmError {
  const missing = systemErrorCode(cause) === "ENOENT";
  const fact = missing ? "is not installed" : "can't be run";
  return new DvmError(
    "unavailable",
    `cannot read the archive: it is compressed with ${program}, which ${fact}`,
    { cause, ...(missing ? { hint: `apt-get install ${packageName}` } : {}) },
  );
}

function checkEnd({ program }: Unpacker, { status, words }: End): void {
  if (status === 0 && words === "") return;
  const why = words.trim().split("\n", 1)[0] || `${program} ended with ${String(status)}`;
  throw new DvmError("damaged", `cannot read the archive: its compressed data is damaged (${why})`);
}
