import type { BuildProgress } from "../../kernel/kernel-catalogue.ts";

const filesBetweenLines = 200;
const redrawMs = 100;

/** Shows a build on a terminal as one line that changes; elsewhere as a line now and then. */
export function showBuildProgress(
  stream: NodeJS.WriteStream,
): Disposable & { take: (progress: BuildProgress) => void } {
  const startedAt = performance.now();
  let drawnAt = -Infinity;
  let step = "";
  const take = (progress: BuildProgress) => {
    const elapsedMs = performance.now() - startedAt;
    const isNewStep = progress.step !== step;
    step = progress.step;
    if (stream.isTTY) {
      if (!isNewStep && elapsedMs - drawnAt < redrawMs) return;
      drawnAt = elapsedMs;
      const line = describeProgress(progress, elapsedMs).slice(0, (stream.columns || 80) - 1);
      stream.write(`\r\x1b[K${line}`);
    } else if (isNewStep || progress.done % filesBetweenLines === 0) {
      stream.write(`${describeProgress(progress, elapsedMs)}\n`);
    }
  };
  return { take, [Symbol.dispose]: () => void (stream.isTTY && stream.write("\r\x1b[K")) };
}

/** `2:05 compiling 812 of 1490 (54 %) net/ipv4/tcp.o` */
export function describeProgress(
  { step, subject, done, expected }: BuildProgress,
  elapsedMs: number,
): string {
  const seconds = Math.floor(elapsedMs / 1000);
  const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  return `${time} ${step} ${step === "compiling" ? `${count(done, expected)} ` : ""}${subject}`;
}

/** The last build may have had other files: beyond them nothing is promised. */
function count(done: number, expected: number): string {
  if (expected === 0 || done > expected) return `${done} files`;
  return `${done} of ${expected} (${Math.floor((done * 100) / expected)} %)`;
}
