import type { BenchHost, BenchSubject } from "./bench-machine.ts";
import type { KernelFigures } from "./kernel-report.ts";
import { measureBoot, warmFile, type BootFigures } from "./measure-boot.ts";
import { smallestMachine } from "./smallest-machine.ts";

interface MeasureOptions {
  /** Of each kernel. */
  boots: number;
  /** Whether to look for the smallest machine, too. */
  smallest: boolean;
  onProgress: (text: string) => void;
}

/** Boots all kernels in turns, so that what else goes on at the host meets each of them. */
export async function measureKernels(
  subjects: BenchSubject[],
  host: BenchHost,
  { boots, smallest, onProgress }: MeasureOptions,
): Promise<KernelFigures[]> {
  for (const { kernel } of subjects) await warmFile(kernel.path);
  const measured = new Map<BenchSubject, BootFigures[]>(subjects.map((one) => [one, []]));
  for (let boot = 1; boot <= boots; boot++) {
    onProgress(`boot ${boot} of ${boots}`);
    for (const [subject, figures] of measured) figures.push(await measureBoot(subject, host));
  }
  const found: KernelFigures[] = [];
  for (const [subject, figures] of measured) {
    if (smallest) onProgress(`smallest machine of ${subject.kernel.name}`);
    const smallestMiB = smallest ? await smallestMachine(subject, host) : undefined;
    found.push({ ...summary(subject, figures), smallestMiB });
  }
  return found;
}

function summary(
  { kernel, accelerator, buildMs }: BenchSubject,
  boots: BootFigures[],
): Omit<KernelFigures, "smallestMiB"> {
  const of = (field: keyof BootFigures) => median(boots.map((boot) => boot[field]));
  const hellos = boots.map(({ helloMs }) => helloMs);
  return {
    kernel: kernel.name,
    accelerator,
    release: kernel.release,
    imageBytes: kernel.sizeBytes,
    firmwareMs: of("firmwareMs"),
    initMs: of("initMs"),
    helloMs: of("helloMs"),
    helloRangeMs: [Math.min(...hellos), Math.max(...hellos)],
    usedMiB: of("usedMiB"),
    unmanagedMiB: of("unmanagedMiB"),
    buildMs,
  };
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = 0, high = 0] = [
    sorted[sorted.length % 2 === 0 ? middle - 1 : middle],
    sorted[middle],
  ];
  return (low + high) / 2;
}
