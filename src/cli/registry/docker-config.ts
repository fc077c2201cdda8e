import { mkdir, readFile, realpath, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DvmError, ignore } from "../../base/errors.ts";
import { isJsonObject, type JsonObject } from "../../client/json.ts";

/** Where docker's CLI keeps its settings and credentials. */
export function dockerConfigPath(environment: Record<string, string | undefined>): string {
  const folder = environment["DOCKER_CONFIG"] || join(environment["HOME"] ?? "/", ".docker");
  return join(folder, "config.json");
}

/** Empty when there is none. */
export async function readDockerConfig(path: string): Promise<JsonObject> {
  const text = await ignore("ENOENT", () => readFile(path, "utf8"));
  if (text === undefined || text.trim() === "") return {};
  try {
    const json: unknown = JSON.parse(text);
    if (isJsonObject(json)) return json;
  } catch {
    // told below, without the text: there are passwords in it
  }
  throw new DvmError("invalid", `cannot read ${path}: it is no JSON object`);
}

/** Writes it whole or not at all, for its owner only; a link stays one. */
export async function writeDockerConfig(path: string, config: JsonObject): Promise<void> {
  const target = (await ignore("ENOENT", () => realpath(path))) ?? path;
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  const temporary = `${target}.${process.pid}`;
  await writeFile(temporary, `${JSON.stringify(config, undefined, "\t")}\n`, { mode: 0o600 });
  await rename(temporary, target);
}
