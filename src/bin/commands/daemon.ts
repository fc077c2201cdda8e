import { spawn } from "node:child_process";
import { constants } from "node:os";
import type { CliContext, Command } from "../../cli/command.ts";
import type { ParsedFlags } from "../../cli/flags.ts";
import { activatedDescriptors } from "../../daemon/systemd.ts";
import { daemonCommand, daemonEnvironment } from "../daemon/daemon-command.ts";
import { daemonFlags, refusedFlags, wordsOf } from "../daemon/daemon-flags.ts";

/** `dvm daemon`: dvmd in the foreground, with its log on standard error. */
export const command: Command = {
  name: "daemon",
  usage: "[OPTIONS]",
  summary:
    "Run the daemon in the foreground, by flags and /etc/dvm/config.json, ~/.config/dvm/config.json (docs/daemon.md). SIGHUP has it read the files again. `dvm daemon install` and `uninstall` are for systemd",
  flags: daemonFlags,
  hiddenFlags: refusedFlags,
  arguments: { min: 0, max: 0 },
  run: ({ flags }, context) => runDaemon(flags, context),
};

function runDaemon(flags: ParsedFlags, { places, environment }: CliContext): Promise<number> {
  const { dataRoot, runRoot, socketPath } = places;
  // sockets that this process was given are the daemon's
  const handed = activatedDescriptors(environment, process);
  const [program, ...words] = daemonCommand(
    {
      dataRoot: flags.has("data-root") ? undefined : dataRoot,
      runRoot: flags.has("run-root") ? undefined : runRoot,
    },
    [`--at-socket=${socketPath}`, ...wordsOf(flags)],
  );
  const child = spawn(program, words, {
    stdio: ["inherit", "inherit", "inherit", ...handed],
    env: { ...environment, ...daemonEnvironment },
  });
  for (const signal of ["SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  process.on("SIGINT", () => {}); // the terminal sends it to the daemon too
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  });
}
