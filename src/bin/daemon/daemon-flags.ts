import type { Flag, ParsedFlags } from "../../cli/flags.ts";
import { DvmError } from "../../base/errors.ts";
import { parseBytes } from "../../base/parse-sizes.ts";
import { type DaemonOption, flagName, type OptionKind } from "../../daemon/daemon-option.ts";
import { daemonOptions } from "../../daemon/daemon-options.ts";
import type { SettingValue, SettingValues } from "../../daemon/given-settings.ts";
import { poolOfFlag, ulimitOfFlag } from "../../daemon/option-values.ts";
import { refuseOption } from "../../daemon/parse-config.ts";
import { refusedOptions } from "../../daemon/refused-options.ts";

const kinds: Record<OptionKind, Flag["kind"]> = {
  ...{ boolean: "boolean", integer: "integer", text: "text", size: "text" },
  ...{ list: "list", map: "list", ulimits: "list", pools: "list", proxies: "text" },
};
const checks: Partial<Record<OptionKind, (value: string) => unknown>> = {
  ...{ size: parseBytes, ulimits: ulimitOfFlag, pools: poolOfFlag },
};

/** Of `dvm daemon`. */
export const daemonFlags: readonly Flag[] = daemonOptions
  .filter(({ only }) => only !== "file")
  .map((option) => {
    const { short, kind, value, summary } = option;
    const check = checks[kind];
    return {
      name: flagName(option),
      ...(option.key === "config-file" ? { aliases: ["config-file"] } : {}),
      ...(option.key === "exec-root" ? { aliases: ["exec-root"] } : {}),
      ...(short === undefined ? {} : { short }),
      kind: kinds[kind],
      ...(value === undefined ? {} : { value }),
      summary,
      ...(check === undefined ? {} : { check }),
    };
  });

/** Dockerd's flags that are refused with a reason instead of being unknown. */
export const refusedFlags: readonly Flag[] = refusedOptions
  .filter(
    (option, index) =>
      refusedOptions.findIndex((one) => flagName(one) === flagName(option)) === index,
  )
  .map((option) => ({
    name: flagName(option),
    kind: kinds[option.kind],
    summary: `Not done: ${option.why}`,
  }));

/** Where a client that starts a daemon wants it, whatever a file says. */
export const startFlags: readonly Flag[] = [
  { name: "at-data-root", kind: "text", summary: "The data root" },
  { name: "at-run-root", kind: "text", summary: "The run root" },
  { name: "at-socket", kind: "text", summary: "Where to listen when no hosts are given" },
  { name: "at-socket-too", kind: "boolean", summary: "Listen there in any case" },
];

/** What flags say, by the keys of the file; what is refused throws. */
export function settingsOfFlags(flags: ParsedFlags): SettingValues {
  for (const option of refusedOptions)
    if (flags.has(flagName(option))) refuseOption(option, refusedValue(flags, option));
  const values = new Map<string, SettingValue>();
  for (const option of daemonOptions)
    if (option.only !== "file" && flags.has(flagName(option)))
      values.set(option.key, valueOf(flags, option));
  return values;
}

function refusedValue(flags: ParsedFlags, option: (typeof refusedOptions)[number]): unknown {
  const name = flagName(option);
  if (option.kind === "boolean") return flags.boolean(name);
  if (option.kind === "integer") return flags.integer(name);
  if (option.kind === "text") return flags.text(name);
  return option.kind === "list" ? flags.list(name) : mapOf(flags.list(name));
}

function valueOf(flags: ParsedFlags, option: DaemonOption): SettingValue {
  const name = flagName(option);
  switch (option.kind) {
    case "boolean":
      return flags.boolean(name);
    case "integer":
      return flags.integer(name) ?? 0;
    case "size":
      return parseBytes(flags.text(name) ?? "");
    case "list":
      return flags.list(name);
    case "map":
      return mapOf(flags.list(name));
    case "ulimits":
      return flags.list(name).map(ulimitOfFlag);
    case "pools":
      return flags.list(name).map(poolOfFlag);
    case "text":
    case "proxies":
      return flags.text(name) ?? "";
  }
}

function mapOf(pairs: string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      if (at < 0) throw new DvmError("invalid", `invalid key value pair: ${pair}`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

/** Flags as words for another process. */
export function wordsOf(flags: ParsedFlags): string[] {
  return [...daemonFlags, ...refusedFlags].flatMap(({ name, kind }) => {
    if (!flags.has(name)) return [];
    const values =
      kind === "list"
        ? flags.list(name)
        : [kind === "boolean" ? String(flags.boolean(name)) : flags.text(name)];
    return values.map((value) => `--${name}=${value}`);
  });
}
