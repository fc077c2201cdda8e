import { mkdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { DvmError, ignore } from "../../base/errors.ts";
import type { CliContext, Command } from "../../cli/command.ts";
import type { ParsedFlags } from "../../cli/flags.ts";
import {
  serviceName,
  serviceUnit,
  socketName,
  socketUnit,
  type UnitWish,
} from "../../daemon/systemd-units.ts";
import { groupId } from "../../daemon/user-names.ts";
import { writeAtomically } from "../../host/write-atomically.ts";
import { requireSystemd, systemctl, unitFolder } from "../daemon/systemctl.ts";

/** `dvm daemon install`: units of systemd's, the host's for root, the user's for others. */
export const command: Command = {
  name: "daemon install",
  usage: "[OPTIONS]",
  summary:
    "Have systemd start the daemon when somebody connects to its socket, and at boot: as root for the host, else for the user (who needs `loginctl enable-linger` for it to start without a login)",
  flags: [
    { name: "user", kind: "boolean", summary: "For this user, also as root" },
    {
      ...{ name: "group", short: "G", kind: "text" },
      summary: "Group that may use the socket of the host's daemon",
    },
    { name: "print", kind: "boolean", summary: "Print the units, and do nothing" },
    { name: "no-start", kind: "boolean", summary: "Write and enable the units, start nothing" },
  ],
  arguments: { min: 0, max: 0 },
  run: ({ flags }, context) => install(flags, context),
};

async function install(flags: ParsedFlags, context: CliContext): Promise<void> {
  const forUser = flags.boolean("user") || process.getuid?.() !== 0;
  const wish = unitWish(flags, context, forUser);
  if (wish.group !== undefined && !forUser) await groupId(wish.group);
  const units = { [serviceName]: serviceUnit(wish), [socketName]: socketUnit(wish) };
  const folder = unitFolder(forUser, context.environment);
  if (flags.boolean("print")) {
    for (const [name, text] of Object.entries(units))
      context.stdout.write(`# ${join(folder, name)}\n${text}\n`);
    return;
  }
  await requireSystemd(forUser, context.environment);
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(units)) await writeAtomically(join(folder, name), text);
  await systemctl(forUser, ["daemon-reload"]);
  await systemctl(forUser, ["enable", serviceName, socketName]);
  if (!flags.boolean("no-start")) await systemctl(forUser, ["restart", socketName]);
  context.stdout.write(
    `${join(folder, serviceName)} and ${socketName} are there; DVM answers at ${wish.socketPath}\n`,
  );
}

function unitWish(
  flags: ParsedFlags,
  { places: { dataRoot, runRoot, socketPath } }: CliContext,
  forUser: boolean,
): UnitWish {
  return {
    forUser,
    program: resolve(import.meta.dirname, "../../../dvm"),
    words: ["--data-root", dataRoot, "--run-root", runRoot],
    socketPath,
    group: flags.text("group"),
  };
}

/** Whether units of DVM's are there. */
export async function installedUnits(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of [serviceName, socketName]) {
    const path = join(folder, name);
    if ((await ignore("ENOENT", () => stat(path))) !== undefined) found.push(path);
  }
  if (found.length === 0)
    throw new DvmError("not-found", `cannot uninstall: there is no ${serviceName} in ${folder}`);
  return found;
}
