import { rm } from "node:fs/promises";
import type { CliContext, Command } from "../../cli/command.ts";
import { serviceName, socketName } from "../../daemon/systemd-units.ts";
import { requireSystemd, systemctl, unitFolder } from "../daemon/systemctl.ts";
import { installedUnits } from "./daemon-install.ts";

/** `dvm daemon uninstall`: machines go on; the next command starts a daemon as without systemd. */
export const command: Command = {
  name: "daemon uninstall",
  usage: "[OPTIONS]",
  summary: "Stop the daemon and remove its units; containers go on",
  flags: [{ name: "user", kind: "boolean", summary: "Those of this user, also as root" }],
  arguments: { min: 0, max: 0 },
  run: async ({ flags }, context) => uninstall(flags.boolean("user"), context),
};

async function uninstall(asUser: boolean, { environment, stdout }: CliContext): Promise<void> {
  const forUser = asUser || process.getuid?.() !== 0;
  const paths = await installedUnits(unitFolder(forUser, environment));
  await requireSystemd(forUser, environment);
  await systemctl(forUser, ["disable", "--now", socketName, serviceName]);
  for (const path of paths) await rm(path);
  await systemctl(forUser, ["daemon-reload"]);
  stdout.write(`${paths.join(" and ")} ${paths.length === 1 ? "is" : "are"} gone\n`);
}
