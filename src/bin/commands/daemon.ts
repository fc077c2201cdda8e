import { spawn } from "node:child_process";
import { constants } from "node:os";
import { daemonCommand, daemonEnvironment } from "../daemon-command.ts";
import type { CliContext, Command } from "../../cli/command.ts";

/** `dvm daemon`: dvmd in the foreground, with its log on standard error. */
export const command: Command = {
  name: "daemon",
  usage: "",
  summary:
    "Run the daemon in the foreground. In its environment: DVM_POOL, how many machines stand ready for each kind that was used lately (0 to 64); DVM_TEMPLATES, on or off; DVM_HYPERVISOR, what runs machines (qemu); DVM_POLICY, path of the policy that says which images may be used (docs/trust.md)",
  flags: [],
  arguments: { min: 0, max: 0 },
  run: (_input, context) => runDaemon(context),
};

function runDaemon({ places, environment }: CliContext): Promise<number> {
  const { dataRoot, runRoot, socketPath } = places;
  const [program, ...words] = daemonCommand({ dataRoot, runRoot });
  const child = spawn(program, [...words, "--host", socketPath], {
    stdio: "inherit",
    env: { ...environment, ...daemonEnvironment },
  });
  for (const signal of ["SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => child.kill("SIGTERM"));
  process.on("SIGINT", () => {}); // the terminal sends it to the daemon too
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  });
}
