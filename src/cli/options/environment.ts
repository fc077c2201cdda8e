import { readFile } from "node:fs/promises";
import { DvmError, systemErrorCode } from "../../base/errors.ts";

type Environment = Record<string, string | undefined>;

/**
 * `-e` and `--env-file` → the API's `NAME=value` list. A name alone takes its value from `caller`,
 * or is left out when it isn't set there, as docker does. Files come first: `-e` beats them.
 */
export async function readEnvironment(
  files: readonly string[],
  settings: readonly string[],
  caller: Environment,
): Promise<string[]> {
  const fromFiles = await readLines(files, checkEnvironmentName);
  return [...fromFiles, ...settings].flatMap((setting) => {
    if (setting.includes("=")) return [setting];
    const value = caller[setting];
    return value === undefined ? [] : [`${setting}=${value}`];
  });
}

/** `-l` and `--label-file` → names with values; a name alone has an empty one. */
export async function readLabels(
  files: readonly string[],
  settings: readonly string[],
): Promise<Record<string, string>> {
  const fromFiles = await readLines(files, () => undefined);
  return keyValues([...fromFiles, ...settings]);
}

/** `a=b` texts → an object; what has no `=` gets an empty value. */
export function keyValues(settings: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    settings.map((setting) => {
      const cut = setting.indexOf("=");
      return cut < 0 ? [setting, ""] : [setting.slice(0, cut), setting.slice(cut + 1)];
    }),
  );
}

export function checkEnvironment(setting: string): void {
  if (setting === "" || setting.startsWith("="))
    throw new DvmError("invalid", `invalid environment variable: ${setting}`);
}

async function readLines(
  files: readonly string[],
  check: (name: string, file: string) => void,
): Promise<string[]> {
  const lines: string[] = [];
  for (const file of files)
    for (const line of (await readText(file)).split(/\r?\n/)) {
      const text = line.trimStart();
      if (text === "" || text.startsWith("#")) continue;
      check(text.split("=")[0] ?? "", file);
      lines.push(text);
    }
  return lines;
}

function checkEnvironmentName(name: string, file: string): void {
  const fact = /\s/.test(name)
    ? `variable '${name}' contains whitespaces`
    : `no variable name on line '=${name}'`;
  if (name === "" || /\s/.test(name))
    throw new DvmError("invalid", `invalid env file (${file}): ${fact}`);
}

async function readText(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).replace(/^\uFEFF/, "");
  } catch (error) {
    const fact = systemErrorCode(error) === "ENOENT" ? "no such file or directory" : String(error);
    throw new DvmError("invalid", `open ${file}: ${fact}`, { cause: error });
  }
}
