import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { DvmError, ignore } from "../../../base/errors.ts";
import { tryParseJson } from "../../../base/parse-json.ts";
import type { MachineSpec } from "../../machine.ts";

const stateSchema = z.strictObject({
  /** How many of each a clone must have as well. */
  devices: z.strictObject({ disks: z.int(), nics: z.int() }),
  guest: z.string(),
});

/** Writes what a fake machine keeps of itself into a template's folder. */
export async function saveFake(folder: string, spec: MachineSpec, guest: string): Promise<void> {
  const state: z.infer<typeof stateSchema> = { devices: devicesOf(spec), guest };
  await writeFile(stateFile(folder), JSON.stringify(state));
}

/** What the guest of a clone goes on from. */
export async function loadFake(folder: string, spec: MachineSpec): Promise<string> {
  const text = await ignore("ENOENT", () => readFile(stateFile(folder), "utf8"));
  const state = stateSchema.safeParse(tryParseJson(text ?? "")).data;
  if (state === undefined) throw damaged("its state is none of a fake machine");
  const [saved, wanted] = [state.devices, devicesOf(spec)].map((one) => JSON.stringify(one));
  if (saved !== wanted) throw damaged(`it was saved with ${saved}, not with ${wanted}`);
  return state.guest;
}

function devicesOf({ disks, nics }: MachineSpec) {
  return { disks: disks.length, nics: nics.length };
}

function stateFile(folder: string): string {
  return join(folder, "state");
}

function damaged(fact: string): DvmError {
  return new DvmError("damaged", `cannot start a machine from its template: ${fact}`);
}
