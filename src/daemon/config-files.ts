import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DvmError, systemErrorCode } from "../base/errors.ts";
import type { SettingValue, SettingValues } from "./given-settings.ts";
import { parseConfig } from "./parse-config.ts";

export interface ConfigPlaces {
  /** The one that was named; it must be there. */
  named: string | undefined;
  /** Folders whose `config.json` is read otherwise, a later one beating an earlier. */
  folders: readonly string[];
}

export const configFileName = "config.json";

/** What configuration files say. A fault names the file, as dockerd names it. */
export async function readConfigFiles({ named, folders }: ConfigPlaces): Promise<SettingValues> {
  const values = new Map<string, SettingValue>();
  const paths = named === undefined ? folders.map((one) => join(one, configFileName)) : [named];
  for (const path of paths)
    for (const [key, value] of await inFile(path, () => readConfigFile(path, named !== undefined)))
      values.set(key, value);
  return values;
}

/** The path that faults of all files together are told of. */
export function configPath({ named, folders }: ConfigPlaces): string {
  return named ?? join(folders.at(-1) ?? "/etc/dvm", configFileName);
}

async function readConfigFile(path: string, mustExist: boolean): Promise<SettingValues> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    const code = systemErrorCode(cause);
    if (!mustExist && (code === "ENOENT" || code === "ENOTDIR")) return new Map();
    const fact = code === "ENOENT" ? "no such file or directory" : String(code);
    throw new DvmError("invalid", `open ${path}: ${fact}`, { cause: undefined });
  }
  return parseConfig(text);
}

/** Errors of `action` are told as faults of `path`. */
export async function inFile<T>(path: string, action: () => T | Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof DvmError)) throw error;
    throw new DvmError(
      error.code,
      `unable to configure the DVM daemon with file ${path}: ${error.message}`,
      error.hint === undefined ? {} : { hint: error.hint },
    );
  }
}
