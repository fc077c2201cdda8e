import { join } from "node:path";
import { runProgram } from "../measure/run-program.ts";
import { CommandLine } from "./command-line.ts";
import type { Fixture } from "./fixture.ts";
import { peersCgroup, type PrivateHost } from "./private-host.ts";

/** podman with a store of its own, on a private host. It has no daemon: its client does all. */
export interface Podman {
  version: string;
  bridged: CommandLine;
  withoutNetwork: CommandLine;
  load: (fixture: Fixture) => Promise<void>;
  /** The words that run a program where published ports are reached. */
  beside: (words: string[]) => string[];
}

export async function findPodman(host: PrivateHost, work: string): Promise<Podman> {
  const version = (await runProgram(["podman", "--version"])).stdout.trim();
  const command = host.inside([
    ...["podman", "--root", join(work, "podman"), "--runroot", join(work, "podman-run")],
    ...["--cgroup-manager", "cgroupfs", "--events-backend", "none"],
  ]);
  const runFlags = ["--cgroup-parent", peersCgroup];
  const bridged = new CommandLine({ name: "podman", version, command, runFlags });
  return {
    version,
    bridged,
    withoutNetwork: new CommandLine({
      ...{ name: "podman, no network", version, command },
      runFlags: [...runFlags, "--network", "none"],
    }),
    beside: (words) => host.besideNetwork(words),
    load: async ({ archive }) => {
      await bridged.words(["load", "-q", "-i", archive]);
    },
  };
}
