import { DvmError } from "../base/errors.ts";

/** Where the API is to be had. */
export type ListenAddress =
  | { kind: "unix"; path: string }
  | { kind: "tcp"; host: string; port: number }
  /** Sockets that the daemon is started with: all, or the descriptor of that number. */
  | { kind: "fd"; descriptor: number | undefined };

const plainPort = 2375;
const tlsPort = 2376;

/**
 * `unix:///path`, `tcp://address:port`, `fd://`, or `address:port`, with dockerd's defaults for what
 * is left out. A path without a scheme is a unix socket. Throws `invalid` in dockerd's words.
 */
export function parseListenAddress(
  text: string,
  defaults: { tls?: boolean; socketPath?: string } = {},
): ListenAddress {
  const given = text.trim();
  if (given === "" || given === "unix://") return { kind: "unix", path: defaults.socketPath ?? "" };
  if (given.startsWith("/")) return { kind: "unix", path: given };
  const [, scheme = "tcp", rest = ""] = /^(?:(.*?):\/\/)?(.*)$/s.exec(given) ?? [];
  if (scheme === "unix") {
    if (rest.includes("://")) throw invalidAddress(given, `invalid unix address: ${rest}`);
    return { kind: "unix", path: rest };
  }
  if (scheme === "fd") return { kind: "fd", descriptor: descriptorNumber(rest) };
  if (scheme !== "tcp") throw invalidAddress(given, `unsupported proto '${scheme}'`);
  return parseTcp(given, rest, defaults.tls === true ? tlsPort : plainPort);
}

function parseTcp(given: string, rest: string, defaultPort: number): ListenAddress {
  const url = URL.parse(`tcp://${rest === "" ? "127.0.0.1" : rest.replace(/^:/, "127.0.0.1:")}`);
  if (url === null) {
    const port = /:([^:\]]*)$/.exec(rest)?.[1] ?? "";
    throw invalidAddress(given, `invalid port: ${port}`);
  }
  if (url.pathname !== "") throw invalidAddress(given, "should not contain a path element");
  const port = url.port === "" ? defaultPort : Number(url.port);
  if (port === 0) throw invalidAddress(given, `invalid port: ${url.port}`);
  return { kind: "tcp", host: url.hostname.replace(/^\[|\]$/g, ""), port };
}

function descriptorNumber(text: string): number | undefined {
  if (text === "" || text === "*") return undefined;
  if (!/^\d{1,4}$/.test(text))
    throw new DvmError(
      "invalid",
      `failed to parse systemd fd address: should be a number: ${text}`,
    );
  return Number(text);
}

function invalidAddress(address: string, fact: string): DvmError {
  return new DvmError("invalid", `invalid bind address (${address}): ${fact}`);
}

/** As logs and warnings name it. */
export function describeAddress(address: ListenAddress): string {
  if (address.kind === "unix") return `unix://${address.path}`;
  if (address.kind === "fd") return `fd://${address.descriptor ?? ""}`;
  return `tcp://${hostAndPort(address)}`;
}

export function hostAndPort({ host, port }: { host: string; port: number }): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
