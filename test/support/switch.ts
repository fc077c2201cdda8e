import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { namesIn } from "../../src/network/names/names.ts";
import { Switch } from "../../src/network/switch/switch.ts";

const folder = join(import.meta.dirname, "../../switch");

/** The program, made of its sources. */
export async function madeSwitch(name = "dvm-switch"): Promise<string> {
  await promisify(execFile)("make", ["-s", "-C", folder, `build/${name}`]);
  return join(folder, "build", name);
}

/** A switch that goes with its test, and what it says. */
export function testSwitch(
  place: string,
  program: () => Promise<string> = () => madeSwitch(),
): Switch & AsyncDisposable & { said: string[] } {
  const said: string[] = [];
  const made = new Switch({
    ...{ folder: join(place, "switch"), dataRoot: place, machines: join(place, "machines") },
    program,
    isRoot: process.getuid?.() === 0,
    log: (message) => said.push(message),
  });
  return Object.assign(made, { said, [Symbol.asyncDispose]: () => made.end() });
}

/** Ends what outlives a daemon whose folders are in `root`. */
export async function endNetworks(root: string): Promise<void> {
  const run = join(root, "run");
  await namesIn({ runRoot: run, dataRoot: join(root, "data") }).end();
  const left = new Switch({
    ...{
      folder: join(run, "switch"),
      dataRoot: join(root, "data"),
      machines: join(run, "machines"),
    },
    program: () => madeSwitch(),
    isRoot: process.getuid?.() === 0,
    log: () => {},
  });
  await left.end();
}
