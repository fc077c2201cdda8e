import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { describeError, DvmError, systemErrorCode } from "../../base/errors.ts";
import type { JsonObject } from "../../client/json.ts";

/** `--security-opt` as HostConfig has it: a seccomp profile's file is read, system paths opened. */
export async function securityFields(options: readonly string[], cwd: string): Promise<JsonObject> {
  const opensPaths = options.includes("systempaths=unconfined");
  const told = options.filter((option) => option !== "systempaths=unconfined");
  const read = await Promise.all(told.map((option) => readOption(option, cwd)));
  return {
    ...(read.length === 0 ? {} : { SecurityOpt: read }),
    ...(opensPaths ? { MaskedPaths: [], ReadonlyPaths: [] } : {}),
  };
}

async function readOption(option: string, cwd: string): Promise<string> {
  const [, name = "", value] = /^([^=:]*)(?:[=:](.*))?$/s.exec(option) ?? [];
  if (value === undefined) {
    if (name === "no-new-privileges" || name === "writable-cgroups") return option;
    throw new DvmError("invalid", `Invalid --security-opt: ${JSON.stringify(option)}`);
  }
  if (name !== "seccomp" || value === "unconfined" || value === "builtin") return option;
  return `seccomp=${await readProfile(value, cwd)}`;
}

async function readProfile(path: string, cwd: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(resolve(cwd, path), "utf8");
  } catch (cause) {
    const code = systemErrorCode(cause);
    const fact = code === "ENOENT" ? "no such file or directory" : String(code);
    throw new DvmError(
      "invalid",
      `opening seccomp profile (${path}) failed: open ${path}: ${fact}`,
    );
  }
  try {
    return JSON.stringify(JSON.parse(text));
  } catch (error) {
    throw new DvmError(
      "invalid",
      `compacting json for seccomp profile (${path}) failed: ${describeError(error)}`,
    );
  }
}
