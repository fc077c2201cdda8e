import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DvmError, ignore } from "../base/errors.ts";
import { compareVersions } from "./kernel-version.ts";

/** One option of a feature. */
export interface KernelOption {
  /** With its `CONFIG_`. */
  name: string;
  /** `y`, `n` for what must be off, a number, or a text with its quotes. */
  value: string;
  reason: string;
  /** First and last version of Linux that know it, as far as they bound it. */
  since?: string;
  until?: string;
  /** It may contradict a feature that a recipe names earlier. */
  overrides: boolean;
  /** `features/base.config:12` */
  place: string;
}

/** Part of a kernel: what is asked of it, under one name. */
export interface KernelFeature {
  name: string;
  summary: string;
  options: KernelOption[];
}

const folder = fileURLToPath(new URL("../../kernel/features", import.meta.url));

/** The feature of kernel/features/`name`.config. */
export async function readFeature(name: string, from = folder): Promise<KernelFeature> {
  const text = await ignore("ENOENT", () => readFile(join(from, `${name}.config`), "utf8"));
  if (text === undefined) {
    const names = (await readdir(from)).map((file) => file.replace(/\.config$/, "")).sort();
    throw new DvmError("invalid", `cannot build a kernel: there is no feature ${name}`, {
      hint: `features are ${names.join(", ")}`,
    });
  }
  return parseFeature(name, text);
}

const optionLine = new RegExp(
  [
    /^(?<name>CONFIG_\w+)=(?<value>y|n|\d+|0x[0-9a-f]+|"[^"]*")/,
    /(?:\s+(?<override>override))?/,
    /(?:\s+since (?<since>\d+\.\d+))?(?:\s+until (?<until>\d+\.\d+))?/,
    /\s+#\s*(?<reason>\S.*)$/,
  ]
    .map(({ source }) => source)
    .join(""),
);

/**
 * Reads a feature: its first line tells what it is, each other one is blank, a comment, or an
 * option with its reason: `CONFIG_X=y override since 6.9 until 6.12 # why`.
 */
export function parseFeature(name: string, text: string): KernelFeature {
  const options: KernelOption[] = [];
  const faults: string[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line === "" || line.startsWith("#")) continue;
    const place = `features/${name}.config:${index + 1}`;
    const found = optionLine.exec(line)?.groups;
    if (found === undefined) faults.push(`${place}: ${line}`);
    else options.push(optionOf(found, place));
  }
  if (faults.length > 0) {
    throw new DvmError("invalid", `cannot read feature ${name}:\n${faults.join("\n")}`, {
      hint: "an option is a line like: CONFIG_X=y # why",
    });
  }
  const summary = /^# \S+: (.*)/.exec(text)?.[1] ?? "";
  return { name, summary, options };
}

function optionOf(found: Record<string, string | undefined>, place: string): KernelOption {
  const { name = "", value = "", reason = "", since, until, override } = found;
  return {
    name,
    value,
    reason,
    place,
    overrides: override !== undefined,
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
}

/** Whether `version` of Linux, as in `6.1`, is one that an option or a patch is for. */
export function appliesTo(
  { since, until }: { since?: string | undefined; until?: string | undefined },
  version: string,
): boolean {
  if (since !== undefined && compareVersions(version, since) < 0) return false;
  return until === undefined || compareVersions(version, until) <= 0;
}
