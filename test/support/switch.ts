import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { Switch } from "../../src/network/switch/switch.ts";

const folder = join(import.meta.dirname, "../../switch");

/** The program, made of its sources. */
export async function madeSwitch(name = "dvm-switch"): Promise<string> {
  await promisify(execFile)("make", ["-s", "-C", folder, `build/${name}`]);
  return join(folder, "build", name);
}

/** A switch that goes with its test. */
export function testSwitch(place: string): Switch & AsyncDisposable {
  const made = new Switch({ folder: place, program: () => madeSwitch() });
  return Object.assign(made, { [Symbol.asyncDispose]: () => made.end() });
}
