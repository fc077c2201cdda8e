import { readFile } from "node:fs/promises";
import { DvmError, systemErrorCode } from "../../base/errors.ts";
import type { GivenSettings } from "../../daemon/given-settings.ts";
import type { EngineSettings } from "../../engine/core.ts";

/** The default seccomp profile of containers; one of a file's is read now. */
export async function readSeccomp(
  settings: GivenSettings,
): Promise<EngineSettings["containerDefaults"]["seccomp"]> {
  const name = settings.text("seccomp-profile") ?? "builtin";
  if (name === "builtin") return { name, profile: "" };
  if (name === "unconfined") return { name, profile: name };
  try {
    const profile = await readFile(name, "utf8");
    JSON.parse(profile);
    return { name, profile };
  } catch (cause) {
    const fact = cause instanceof SyntaxError ? cause.message : (systemErrorCode(cause) ?? "?");
    throw new DvmError("invalid", `opening seccomp profile (${name}) failed: ${fact}`);
  }
}
