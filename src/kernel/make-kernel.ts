import { availableParallelism } from "node:os";
import { runGroup } from "../host/run-group.ts";
import type { BuildLog } from "./build-log.ts";

/** The same input shall give the same kernel, in whatever folder, by whomever, and when. */
const neutral = {
  KBUILD_BUILD_TIMESTAMP: "1970-01-01",
  KBUILD_BUILD_USER: "dvm",
  KBUILD_BUILD_HOST: "dvm",
  KBUILD_BUILD_VERSION: "1",
  LOCALVERSION: "",
  // what a person's environment may add to each compilation
  KCFLAGS: "",
  KAFLAGS: "",
  KCPPFLAGS: "",
  MAKEFLAGS: "",
  SOURCE_DATE_EPOCH: "0",
};

interface MakeOptions {
  log: BuildLog;
  signal?: AbortSignal | undefined;
  onLine?: (line: string) => void;
}

/** Runs `make` in unpacked sources; what it says goes to the log. */
export async function make(
  tree: string,
  words: string[],
  { log, signal, onLine }: MakeOptions,
): Promise<void> {
  const command = ["-n", "10", "make", "-C", tree, "ARCH=x86_64", ...words];
  log.write(`$ nice ${command.join(" ")}\n`);
  await runGroup("nice", command, {
    purpose: "build a kernel",
    environment: neutral,
    signal,
    onLine: (line) => {
      log.write(`${line}\n`);
      onLine?.(line);
    },
    onErrorLine: (line) => log.write(`${line}\n`),
  });
}

interface ImageOptions {
  log: BuildLog;
  signal?: AbortSignal | undefined;
  /** Told each file that was compiled, and how many those were. */
  onFile: (file: string, done: number) => void;
}

/** Compiles vmlinux and the bzImage; gives the number of files that took. */
export async function buildImage(
  tree: string,
  { log, signal, onFile }: ImageOptions,
): Promise<number> {
  let done = 0;
  await make(tree, [`-j${availableParallelism()}`, "bzImage"], {
    log,
    signal,
    onLine: (line) => {
      const file = /^\s+(?:CC|AS|HOSTCC|AR|LD)\s+(\S+)/.exec(line)?.[1];
      if (file !== undefined) onFile(file, ++done);
    },
  });
  return done;
}
