import { DvmError } from "../../../base/errors.ts";
import { parseGoBoolean, parseGoSize } from "../../../base/go-numbers.ts";
import type { HostConfig } from "../../records.ts";
import { parseSyslog } from "../../runs.ts";

type Options = Readonly<Record<string, string>>;

/** Options that say what of the container goes with each line. */
const attributeOptions = ["labels", "labels-regex", "env", "env-regex", "tag"];
/** To each driver, by the engine. */
const commonOptions = ["mode", "max-buffer-size"];
/** Of what is kept for reading by drivers that keep nothing. */
const cacheOptions = ["cache-disabled", "cache-max-file", "cache-max-size", "cache-compress"];
const fileOptions = ["max-file", "max-size", "compress"];
const syslogOptions = [
  ...["syslog-address", "syslog-facility", "syslog-format", "syslog-tls-ca-cert"],
  ...["syslog-tls-cert", "syslog-tls-key", "syslog-tls-skip-verify"],
];

interface Driver {
  options: readonly string[];
  unknown: (name: string) => string;
}

const drivers = new Map<string, Driver>([
  [
    "json-file",
    {
      options: [...fileOptions, ...attributeOptions],
      unknown: (name) => `unknown log opt '${name}' for json-file log driver`,
    },
  ],
  [
    "local",
    { options: fileOptions, unknown: (name) => `unknown log opt '${name}' for log driver local` },
  ],
  [
    "syslog",
    {
      options: [...syslogOptions, ...attributeOptions],
      unknown: (name) => `unknown log opt '${name}' for syslog log driver`,
    },
  ],
  [
    "journald",
    {
      options: attributeOptions,
      unknown: (name) => `unknown log opt '${name}' for journald log driver`,
    },
  ],
]);

/** Docker's rules for a container's log, in its words. Without a type it is the daemon's default driver. */
export function checkLogging({ LogConfig: { Type: given, Config } }: HostConfig): void {
  const type = given || "json-file";
  if (type === "none") return;
  const driver = drivers.get(type);
  if (driver === undefined)
    throw new DvmError(
      "invalid",
      `error looking up logging plugin ${type}: plugin "${type}" not found`,
    );
  checkMode(Config);
  checkCache(Config);
  const known = [...driver.options, ...commonOptions, ...cacheOptions];
  const unknown = Object.keys(Config).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new DvmError("invalid", driver.unknown(unknown));
  if (type === "syslog") refusing(() => parseSyslog(Config));
}

function checkMode({ mode = "", "max-buffer-size": size }: Options): void {
  if (!["", "blocking", "non-blocking"].includes(mode))
    throw new DvmError("invalid", `logger: logging mode not supported: ${mode}`);
  if (size === undefined) return;
  if (mode !== "non-blocking")
    throw new DvmError(
      "invalid",
      "logger: max-buffer-size option is only supported with 'mode=non-blocking'",
    );
  refusing(() => parseGoSize(size), "error parsing option max-buffer-size: ");
}

function checkCache({ "cache-disabled": disabled }: Options): void {
  if (disabled === undefined) return;
  try {
    parseGoBoolean(disabled);
  } catch {
    throw new DvmError("invalid", `invalid value for option cache-disabled: ${disabled}`);
  }
}

function refusing(action: () => unknown, words = ""): void {
  try {
    action();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DvmError("invalid", words + why);
  }
}
