import { readFile } from "node:fs/promises";
import { cpus, release, totalmem } from "node:os";
import { runProgram } from "../measure/run-program.ts";
import type { Contenders } from "../peers/contenders.ts";

/** What the figures were taken on and of. */
export interface MachineDescription {
  processors: string;
  memory: string;
  system: string;
  accelerator: string;
  acceleratorReason: string;
  /** Name → version, of all that took part. */
  versions: Record<string, string>;
}

export async function describeMachine(contenders: Contenders): Promise<MachineDescription> {
  const status = await (await contenders.withoutPool()).driverStatus();
  const system = /^PRETTY_NAME="?(.*?)"?$/m.exec(await readFile("/etc/os-release", "utf8"))?.[1];
  const clone = await contenders.clone();
  return {
    processors: `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}`,
    memory: `${(totalmem() / 1e9).toFixed(0)} GB`,
    system: `${system ?? "unknown"}, Linux ${release()}`,
    accelerator: status.get("Accelerator") ?? "unknown",
    acceleratorReason: status.get("Accelerator reason") ?? "",
    versions: {
      DVM: [clone.version, await firstLine(["git", "describe", "--always", "--dirty"])].join(" "),
      "DVM's kernel": status.get("Kernel") ?? "unknown",
      QEMU: await firstLine(["qemu-system-x86_64", "--version"]),
      Node: process.version,
      ...Object.fromEntries(contenders.versions),
    },
  };
}

/** What a program prints; nothing where it can't. */
async function firstLine(command: string[]): Promise<string> {
  return runProgram(command, { cwd: import.meta.dirname }).then(
    ({ stdout }) => stdout.split("\n")[0] ?? "",
    () => "",
  );
}

/** As lines of text. */
export function machineLines(machine: MachineDescription): string[] {
  const { processors, memory, system, accelerator, acceleratorReason, versions } = machine;
  return [
    `${processors}, ${memory}, ${system}`,
    `accelerator ${accelerator}: ${acceleratorReason}`,
    ...Object.entries(versions).map(([name, version]) => `${name}: ${version}`),
  ];
}
