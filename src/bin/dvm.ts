import { resolve } from "node:path";
import { EngineClient } from "../client/engine-client.ts";
import type { CliContext, CommandEntry } from "../cli/command.ts";
import { runProgram, type GlobalOptions } from "../cli/program.ts";
import { daemonCommand, daemonEnvironment } from "./daemon/daemon-command.ts";
import { exitProcess } from "../host/exit-process.ts";
import { places, settingsFolders, type Places } from "../host/places.ts";
import { configuredRoots } from "../daemon/configured-roots.ts";

const version = "0.1.0";
const daemonDeadlineMs = 30_000;

/** Commands that need more than the daemon. */
const more: Record<string, CommandEntry> = {
  daemon: {
    summary: "Run the daemon in the foreground",
    load: () => import("./commands/daemon.ts"),
  },
  "daemon install": {
    summary: "Have systemd start the daemon, for root or for a user",
    load: () => import("./commands/daemon-install.ts"),
  },
  "daemon uninstall": {
    summary: "Take back what daemon install did",
    load: () => import("./commands/daemon-uninstall.ts"),
  },
  doctor: {
    summary: "Say what of this machine DVM uses, what is missing and what follows",
    load: () => import("./commands/doctor.ts"),
  },
  "kernel bench": {
    summary: "Measure kernels: boot, size, memory, with each accelerator, against stock",
    load: () => import("./commands/kernel-bench.ts"),
  },
  "kernel build": {
    summary: "Build a small kernel of DVM's own, by a recipe",
    load: () => import("./commands/kernel-build.ts"),
  },
  "kernel inspect": {
    summary: "Display detailed information on one or more kernels",
    load: () => import("./commands/kernel-inspect.ts"),
  },
  "kernel ls": { summary: "List kernels", load: () => import("./commands/kernel-ls.ts") },
  "kernel rm": {
    summary: "Remove one or more kernels; machines that run them go on",
    load: () => import("./commands/kernel-rm.ts"),
  },
  "kernel use": {
    summary: "Set the kernel that machines start with when none is named",
    load: () => import("./commands/kernel-use.ts"),
  },
  "kernel verify": {
    summary: "Check that kernels are what was stored, byte by byte",
    load: () => import("./commands/kernel-verify.ts"),
  },
  setup: {
    summary: "Bring what this machine lacks to run containers",
    load: () => import("./commands/setup.ts"),
  },
  "system down": {
    summary: "Stop all containers and the daemon; nothing of DVM runs then",
    load: () => import("./commands/system-down.ts"),
  },
};

function makeContext(options: GlobalOptions): CliContext {
  const where = absolutePlaces(options);
  const hostIsChosen = (options.host ?? process.env["DVM_HOST"] ?? "") !== "";
  const client = new EngineClient({
    socketPath: where.socketPath,
    // a socket that somebody chose may be another daemon's
    ...(hostIsChosen ? {} : { startDaemon: () => startOwnDaemon(where) }),
  });
  const { stdin, stdout, stderr, env } = process;
  const context: CliContext = {
    client,
    stdin,
    stdout,
    stderr,
    environment: env,
    cwd: process.cwd(),
    version,
    places: where,
    machine: {
      missingParts: async () => {
        const { missingParts } = await import("../setup/missing-parts.ts");
        const { findQemu } = await import("../machine/drivers/qemu/find-qemu.ts");
        return missingParts(where.dataRoot, () => findQemu(where.dataRoot));
      },
      setUp: async () =>
        (await import("./commands/setup.ts")).setUpMachine(context, { what: "run" }),
    },
  };
  return context;
}

function absolutePlaces({ host, dataRoot, runRoot }: GlobalOptions): Places {
  const { env } = process;
  const said = configuredRoots(settingsFolders(env));
  const found = places({
    dataRoot: dataRoot ?? env["DVM_DATA_ROOT"] ?? said.dataRoot,
    runRoot: runRoot ?? env["DVM_RUN_ROOT"] ?? said.runRoot,
    environment: { ...process.env, ...(host === undefined ? {} : { DVM_HOST: host }) },
    uid: process.getuid?.() ?? 0,
  });
  return {
    dataRoot: resolve(found.dataRoot),
    runRoot: resolve(found.runRoot),
    socketPath: resolve(found.socketPath),
    pidFile: resolve(found.pidFile),
  };
}

async function startOwnDaemon({ dataRoot, runRoot, socketPath }: Places): Promise<void> {
  const { startDaemon } = await import("../client/start-daemon.ts");
  await startDaemon({
    command: daemonCommand({ dataRoot, runRoot }, [`--at-socket=${socketPath}`, "--at-socket-too"]),
    environment: { ...process.env, ...daemonEnvironment },
    socketPath,
    runRoot,
    deadlineMs: daemonDeadlineMs,
  });
}

for (const stream of [process.stdout, process.stderr])
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(0); // whoever read our output has seen enough
  });
const exitCode = await runProgram({
  argv: process.argv.slice(2),
  version,
  more,
  stdout: process.stdout,
  stderr: process.stderr,
  context: makeContext,
});
// Standard input and idle connections are not waited for; what was printed is.
await Promise.all([process.stdout, process.stderr].map(written));
await exitProcess(exitCode);

/** A parent may give a socket as standard output, which Node doesn't write to at once. */
function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.writableLength === 0) resolve();
    else stream.write("", () => resolve());
  });
}
