import { existsSync } from "node:fs";
import { DvmError } from "../../../base/errors.ts";
import { parseGoBoolean, parseGoInteger, parseGoSize } from "../../../base/go-numbers.ts";
import type { FileSettings } from "./log-files.ts";
import { parseSyslog, type SyslogSettings } from "./syslog-settings.ts";

/** What is to be done with a container's output. */
export interface LogSettings {
  /** Undefined: nobody can read it again. */
  files?: FileSettings | undefined;
  syslog?: SyslogSettings | undefined;
  /** Undefined: the program is held up by its log. */
  bufferBytes?: number | undefined;
}

export interface LogConfig {
  Type: string;
  Config: Readonly<Record<string, string>>;
}

/** Where journald takes messages, on hosts that have it. */
const journal = "/run/systemd/journal/socket";
const megabyte = 2 ** 20;
const localDefaults = { bytes: 20 * megabyte, files: 5 };

/**
 * What a container's driver and its options come to. Throws, in the words of Docker's drivers, what
 * they would refuse when the container starts.
 */
export function logSettings({ Type, Config }: LogConfig): LogSettings {
  const bufferBytes =
    Config["mode"] === "non-blocking" ? parseGoSize(Config["max-buffer-size"] ?? "1m") : undefined;
  switch (Type || "json-file") {
    case "none":
      return {};
    case "json-file":
      return { files: jsonFiles(Config), bufferBytes };
    case "local":
      return { files: localFiles(Config), bufferBytes };
    case "syslog":
      return { files: cacheFiles(Config), syslog: parseSyslog(Config), bufferBytes };
    default:
      throw new Error(
        existsSync(journal)
          ? "DVM does not write to journald"
          : `${Type} is not enabled on this host`,
      );
  }
}

/** As {@link logSettings}, for who starts a container. */
export function requireLogSettings(config: LogConfig): LogSettings {
  try {
    return logSettings(config);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw cannotLog(why);
  }
}

export function cannotLog(why: string): DvmError {
  return new DvmError(
    "unavailable",
    `failed to create task for container: failed to initialize logging driver: ${why}`,
  );
}

type Options = Readonly<Record<string, string>>;

function jsonFiles(options: Options): FileSettings {
  const { "max-size": size, "max-file": files, compress } = options;
  const maximumBytes = size === undefined ? undefined : parseGoSize(size);
  if (maximumBytes !== undefined && maximumBytes <= 0)
    throw new Error("max-size must be a positive number");
  const maximumFiles = files === undefined ? 1 : Number(parseGoInteger(files, "Atoi"));
  if (maximumFiles < 1) throw new Error("max-file cannot be less than 1");
  const isPacked = compress !== undefined && parseGoBoolean(compress);
  if (isPacked && (maximumFiles === 1 || maximumBytes === undefined))
    throw new Error("compress cannot be true when max-file is less than 2 or max-size is not set");
  return { maximumBytes, maximumFiles, compress: isPacked };
}

function localFiles({ "max-size": size, "max-file": files, compress }: Options): FileSettings {
  const maximumBytes =
    size === undefined
      ? localDefaults.bytes
      : saying(`invalid value for max-size: ${size}: `, () => parseGoSize(size));
  const maximumFiles =
    files === undefined
      ? localDefaults.files
      : saying(`invalid value for max-file: ${files}: `, () =>
          Number(parseGoInteger(files, "Atoi")),
        );
  const isPacked =
    compress === undefined ||
    saying("error reading compress log option: ", () => parseGoBoolean(compress));
  if (maximumBytes <= 0) throw new Error("max size must be a positive number");
  if (maximumFiles < 0) throw new Error("max file count cannot be less than 0");
  if (isPacked && maximumFiles < 2)
    throw new Error("compression cannot be enabled when max file count is 1");
  return { maximumBytes, maximumFiles: Math.max(1, maximumFiles), compress: isPacked };
}

/** What drivers that keep nothing themselves are read from. Its options bring no start down. */
function cacheFiles(options: Options): FileSettings | undefined {
  const disabled = options["cache-disabled"];
  if (disabled !== undefined && parseGoBoolean(disabled)) return undefined;
  const names = ["max-size", "max-file", "compress"] as const;
  const own = names.flatMap((name) => {
    const value = options[`cache-${name}`];
    return value === undefined ? [] : [[name, value]];
  });
  try {
    return localFiles(Object.fromEntries(own));
  } catch {
    return localFiles({});
  }
}

function saying<T>(words: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    throw new Error(words + (cause instanceof Error ? cause.message : String(cause)), { cause });
  }
}
