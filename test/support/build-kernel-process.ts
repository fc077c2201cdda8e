import { stoppedBySignal } from "../../src/bin/stopped-by-signal.ts";
import { buildKernel } from "../../src/kernel/kernel-catalogue.ts";

/** A process that builds a kernel: data root, recipe, archive of the source, folder of recipes. */
const [dataRoot = "", recipe, source, from] = process.argv.slice(2);
try {
  const { id } = await buildKernel(dataRoot, {
    ...{ recipe, source, from, signal: stoppedBySignal("build a kernel") },
    onProgress: ({ step, done }) => void process.stdout.write(`${step} ${done}\n`),
  });
  process.stdout.write(`built ${id}\n`);
} catch (error) {
  const { message, hint } = error as Error & { hint?: string };
  process.stderr.write(`${message}\n${hint ?? ""}\n`);
  process.exitCode = 1;
}
