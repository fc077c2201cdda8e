import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { describeError, DvmError, systemErrorCode, type ErrorCode } from "../base/errors.ts";

/** What the process says at its end. */
type Answer<Result> =
  | { done: true; result: Result }
  | { done: false; code: ErrorCode; message: string; hint: string | undefined };

/** Enough for a million files, the most that an image may have. */
const maximumHeapMiB = 3072;

/**
 * Has a process of its own do what needs memory that the daemon should neither keep nor run out of:
 * the merged tree of a large image. (A thread would have the limit that the daemon was started with,
 * whatever its own.) `script` calls {@link answerRequest}; `purpose` reads as in "cannot ‹purpose›".
 */
export async function askProcess<Result>(
  script: URL,
  request: object,
  purpose: string,
): Promise<Result> {
  const child = fork(script, {
    execArgv: [`--max-old-space-size=${maximumHeapMiB}`],
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  try {
    const answering = answerOf<Result>(child, purpose);
    child.send(request);
    const answer = await answering;
    if (answer.done) return answer.result;
    const { code, message, hint } = answer;
    throw new DvmError(code, message, hint === undefined ? {} : { hint });
  } finally {
    child.kill("SIGKILL");
  }
}

function answerOf<Result>(child: ChildProcess, purpose: string): Promise<Answer<Result>> {
  return new Promise((resolve, reject) => {
    child.once("message", (message) => resolve(message as Answer<Result>));
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      const how = signal ?? `exit code ${code}`;
      reject(new DvmError("internal", `cannot ${purpose}: its process ended by ${how}`));
    });
  });
}

/** The process's side of {@link askProcess}. It ends with the one that started it. */
export async function answerRequest(
  purpose: string,
  work: (request: never) => Promise<unknown>,
): Promise<void> {
  process.once("disconnect", () => process.exit());
  const [request] = (await once(process, "message")) as [never];
  const answer = await work(request).then(
    (result): Answer<unknown> => ({ done: true, result }),
    (error: unknown) => failure(error, purpose),
  );
  process.send?.(answer);
}

function failure(error: unknown, purpose: string): Answer<never> {
  if (error instanceof DvmError)
    return { done: false, code: error.code, message: error.message, hint: error.hint };
  const code = systemErrorCode(error) === "ENOSPC" ? "no-space" : "internal";
  const message = `cannot ${purpose}: ${describeError(error)}`;
  return { done: false, code, message, hint: undefined };
}
