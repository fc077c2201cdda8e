import { statSync } from "node:fs";

export interface SyslogSettings {
  address: SyslogAddress;
  facility: number;
  format: "unix" | "rfc3164" | "rfc5424" | "rfc5424micro";
  tls: { ca?: string; cert?: string; key?: string; skipVerify: boolean };
}

export type SyslogAddress =
  | { kind: "tcp" | "tcp+tls" | "udp"; host: string; port: number }
  | { kind: "unix"; path: string }
  /** The host's own one, wherever it listens. */
  | { kind: "own" };

const facilities = [
  ...["kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron"],
  ...["authpriv", "ftp"],
];
const formats: Readonly<Partial<Record<string, SyslogSettings["format"]>>> = {
  "": "unix",
  rfc3164: "rfc3164",
  rfc5424: "rfc5424",
  rfc5424micro: "rfc5424micro",
};
const firstLocal = 16;
const localFacilities = 8;
const defaultPort = 514;
/** Where a host's own one listens, when it takes connections. */
const ownSockets = ["/dev/log", "/var/run/syslog", "/var/run/log"];

/** What the options of Docker's syslog driver mean; throws its words for what mean nothing. */
export function parseSyslog(options: Readonly<Record<string, string>>): SyslogSettings {
  const address = addressOf(options["syslog-address"] ?? "");
  const facility = facilityOf(options["syslog-facility"] ?? "daemon");
  const format = formats[options["syslog-format"] ?? ""];
  if (format === undefined) throw new Error("Invalid syslog format");
  const { "syslog-tls-ca-cert": ca, "syslog-tls-cert": cert, "syslog-tls-key": key } = options;
  return {
    ...{ address, facility, format },
    tls: {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      skipVerify: options["syslog-tls-skip-verify"] !== undefined,
    },
  };
}

function facilityOf(text: string): number {
  const known = facilities.indexOf(text);
  if (known !== -1) return known;
  const local = /^local([0-7])$/.exec(text)?.[1];
  if (local !== undefined) return firstLocal + Number(local);
  const number = /^\d+$/.test(text) ? Number(text) : Infinity;
  if (number >= firstLocal + localFacilities) throw new Error("invalid syslog facility");
  return number;
}

function addressOf(text: string): SyslogAddress {
  if (text === "") return { kind: "own" };
  const [, scheme = "", rest = ""] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(text) ?? [];
  if (scheme === "unix" || scheme === "unixgram") return { kind: "unix", path: existing(rest) };
  if (scheme !== "tcp" && scheme !== "tcp+tls" && scheme !== "udp")
    throw new Error(`unsupported scheme: '${scheme}'`);
  const { hostname, port } = new URL(`http://${rest === "" ? "localhost" : rest}`);
  return {
    kind: scheme,
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? defaultPort : Number(port),
  };
}

function existing(path: string): string {
  if (statSync(path, { throwIfNoEntry: false }) === undefined)
    throw new Error(`stat ${path}: no such file or directory`);
  return path;
}

/** Throws when there is none. */
export function ownSyslogSocket(): string {
  const found = ownSockets.find((path) => statSync(path, { throwIfNoEntry: false })?.isSocket());
  if (found === undefined) throw new Error("Unix syslog delivery error");
  return found;
}
