import { mkdir } from "node:fs/promises";
import { DvmError } from "../base/errors.ts";
import { hasApt } from "../host/apt.ts";
import { madeBinary } from "../host/made-binary.ts";
import { installStockKernel, listKernels } from "../kernel/kernel-catalogue.ts";
import { builtInImages, makeBuiltInImage, type ImportImage } from "./built-in-images.ts";
import { missingNeeds, type Need, type Purpose } from "./needs.ts";
import { fetchPackages, installCommand, installPackages } from "./packages.ts";
import { unmadePrograms } from "./own-programs.ts";

export interface SetUpInput {
  dataRoot: string;
  what: Purpose;
  /** Whether a person is there to be asked. */
  interactive: boolean;
  /** Does without asking. */
  assumeYes: boolean;
  print: (line: string) => void;
  ask?: (question: string) => Promise<boolean>;
  importImage: ImportImage;
  hasImage: (name: string) => Promise<boolean>;
}

/** One thing to bring: said before it is done. */
interface Step {
  title: string;
  why: string;
  run: () => Promise<void>;
}

/**
 * Brings what this host lacks for `what`, after telling what and why, and after asking when a
 * person is there. Idempotent: does nothing where nothing is missing.
 */
export async function setUp(input: SetUpInput): Promise<void> {
  await mkdir(input.dataRoot, { recursive: true, mode: 0o700 });
  const packages = await missingNeeds(input.dataRoot, input.what);
  const steps = [
    ...(await packageSteps(input, packages)),
    ...(input.what === "run" ? await machineSteps(input) : []),
  ];
  if (steps.length === 0) {
    input.print("Nothing is missing.");
    return;
  }
  await announce(input, steps);
  for (const { title, run } of steps) {
    input.print(`${title} ...`);
    await run();
  }
  input.print("Done.");
}

async function announce({ print, ...input }: SetUpInput, steps: Step[]): Promise<void> {
  print("DVM needs, and is going to bring:");
  for (const { title, why } of steps) print(`  - ${title}: ${why}`);
  if (input.assumeYes || !input.interactive || input.ask === undefined) return;
  if (await input.ask("Go on?")) return;
  throw new DvmError("unavailable", "cannot set up: it was declined", {
    hint: "run: dvm setup, when it is to be done",
  });
}

async function packageSteps({ dataRoot, what, print }: SetUpInput, needs: Need[]): Promise<Step[]> {
  if (needs.length === 0) return [];
  const list = needs.map(({ packageName, why }) => `${packageName} (${why})`).join(", ");
  if (!(await hasApt())) {
    throw new DvmError("unavailable", `cannot set up: ${list} missing`, {
      hint: "DVM installs packages on Debian and Ubuntu only; here, install what Debian has in these",
    });
  }
  const isRoot = process.getuid?.() === 0;
  if (isRoot) {
    const run = () => installPackages(needs, print, dataRoot);
    return [{ title: "install packages", why: list, run }];
  }
  if (what !== "run") {
    throw new DvmError("unavailable", `cannot set up: ${list} missing`, {
      hint: `as root: ${installCommand(needs)}`,
    });
  }
  const run = () => fetchPackages(needs, print, dataRoot);
  return [{ title: "unpack packages in DVM's own folder", why: list, run }];
}

/** What lies in the data root once a machine can start. */
async function machineSteps(input: SetUpInput): Promise<Step[]> {
  const { dataRoot, print } = input;
  const steps: Step[] = [];
  for (const { name, why, sources } of await unmadePrograms(dataRoot)) {
    const run = async () => void (await madeBinary(dataRoot, sources));
    steps.push({ title: `compile ${name}`, why, run });
  }
  if ((await listKernels(dataRoot)).length === 0) {
    steps.push({
      title: "fetch the distribution's kernel",
      why: "machines start it; it is unpacked in DVM's own folder, not installed",
      run: async () => void (await installStockKernel(dataRoot, { onProgress: print })),
    });
  }
  return [...steps, ...(await imageSteps(input))];
}

async function imageSteps({ dataRoot, importImage, hasImage }: SetUpInput): Promise<Step[]> {
  const steps: Step[] = [];
  for (const image of builtInImages) {
    if (await hasImage(image.name)) continue;
    steps.push({
      title: `make image ${image.name}`,
      why: image.what,
      run: () => makeBuiltInImage(image, dataRoot, importImage),
    });
  }
  return steps;
}
