import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describeError, ignore } from "../../base/errors.ts";
import type { CliContext, Command } from "../../cli/command.ts";
import { forceFlag, isConfirmed } from "../../cli/output/confirm.ts";
import { places } from "../../host/places.ts";
import { clearRunRoot } from "../daemon/clear-run-root.ts";

const warning = `This will stop:
  - all running containers
  - the daemon, and all that runs for it
and take back what the host's network was given.
`;

/** `dvm system down`: containers, images and volumes stay, and nothing runs. */
export const command: Command = {
  name: "system down",
  usage: "[OPTIONS]",
  summary: "Stop all containers and the daemon; nothing of DVM runs then",
  flags: [
    forceFlag,
    {
      name: "timeout",
      short: "t",
      kind: "integer",
      summary: "Seconds to wait before killing a container",
    },
  ],
  arguments: { min: 0, max: 0 },
  async run({ flags }, context) {
    const { stdout } = context;
    if (!flags.boolean("force") && !(await isConfirmed(context, warning))) return;
    const failed = await stopAll(context, flags.integer("timeout"));
    const left = await clearRunRoot(placesOf(context));
    if (left > 0) stdout.write(`Ended ${left} ${left === 1 ? "process" : "processes"}\n`);
    stdout.write("Nothing runs\n");
    return failed ? 1 : 0;
  },
};

/** Prints the names of those that it stops. Gives whether one could not be stopped by itself. */
async function stopAll(context: CliContext, timeoutSeconds: number | undefined): Promise<boolean> {
  const { client, places: where, stdout, stderr } = context;
  const machines = await ignore("ENOENT", () => readdir(join(where.runRoot, "machines")));
  if ((machines ?? []).length === 0) return false; // no daemon is started for nothing
  const running = await client.containers.list({});
  let failed = false;
  const stop = async (name: string) => {
    try {
      await client.containers.stop(name, { timeoutSeconds });
      stdout.write(`${name}\n`);
    } catch (error) {
      failed = true;
      stderr.write(`${describeError(error)}\n`);
    }
  };
  await Promise.all(running.map((one) => stop(nameOf(one))));
  return failed;
}

function nameOf({ Names, Id }: Record<string, unknown>): string {
  const [first] = Array.isArray(Names) ? (Names as unknown[]) : [];
  return typeof first === "string" ? first.replace(/^\//, "") : String(Id);
}

function placesOf({ places: { dataRoot, runRoot }, environment }: CliContext) {
  return places({ dataRoot, runRoot, environment, uid: process.getuid?.() ?? 0 });
}
