import { stat } from "node:fs/promises";
import { join } from "node:path";
import { DvmError, ignore } from "../../base/errors.ts";
import { runTool } from "../../host/run-tool.ts";

/** Where units of this host's administrator lie, or the user's. */
export function unitFolder(
  forUser: boolean,
  environment: Record<string, string | undefined>,
): string {
  if (!forUser) return "/etc/systemd/system";
  const settings = environment["XDG_CONFIG_HOME"] || join(environment["HOME"] ?? "/", ".config");
  return join(settings, "systemd/user");
}

/** Throws `unavailable` where systemd doesn't run, or not for this user: sd_booted(3). */
export async function requireSystemd(
  forUser: boolean,
  environment: Record<string, string | undefined>,
): Promise<void> {
  const booted = await ignore("ENOENT", () => stat("/run/systemd/system"));
  if (booted === undefined)
    throw new DvmError("unavailable", "cannot install the daemon: systemd does not run here", {
      hint: "`dvm daemon install --print` shows the units; every command starts the daemon where none listens",
    });
  const runtime = environment["XDG_RUNTIME_DIR"] ?? "";
  const own = await ignore("ENOENT", () => stat(join(runtime, "systemd")));
  if (forUser && (runtime === "" || own === undefined))
    throw new DvmError("unavailable", "cannot install the daemon: this user has no systemd", {
      hint: "log in by a session of its own (ssh, machinectl shell), or `loginctl enable-linger`",
    });
}

export async function systemctl(forUser: boolean, words: readonly string[]): Promise<void> {
  const all = [...(forUser ? ["--user"] : []), ...words];
  await runTool("systemctl", all, { purpose: `systemctl ${all.join(" ")}` });
}
