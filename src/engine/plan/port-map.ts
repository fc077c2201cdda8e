import { DvmError } from "../../base/errors.ts";
import { claimHostPort } from "../../network/host-ports.ts";
import type { BoundPort, HostConfig, RequestedPort } from "../records.ts";

/** With its number on the host; 0: a forwarder gives it one. */
export type PortToOpen = Omit<RequestedPort, "lastHostPort">;

const everyAddress = "0.0.0.0";

/** What is to be published, from the API's `PortBindings` and `PublishAllPorts`. */
export function requestedPorts(
  hostConfig: HostConfig,
  exposed: readonly string[],
): RequestedPort[] {
  const ports = Object.entries(hostConfig.PortBindings ?? {}).flatMap(([key, bindings]) => {
    const { port, protocol } = parsePortKey(key);
    const given = bindings ?? [];
    const list = given.length === 0 ? [{ HostIp: "", HostPort: "" }] : given;
    return list.map((binding) => ({
      containerPort: port,
      protocol,
      ...addressOf(binding.HostIp),
      ...parseHostPort(binding.HostPort),
    }));
  });
  if (!hostConfig.PublishAllPorts) return ports;
  const bound = new Set(Object.keys(hostConfig.PortBindings ?? {}));
  const rest = exposed.filter((key) => !bound.has(key)).map(parsePortKey);
  return [
    ...ports,
    ...rest.map(({ port, protocol }) => ({
      containerPort: port,
      protocol,
      ...addressOf(""),
      hostPort: 0,
    })),
  ];
}

function addressOf(given: string): Pick<RequestedPort, "hostAddress" | "ofBothFamilies"> {
  return given === ""
    ? { hostAddress: everyAddress, ofBothFamilies: true }
    : { hostAddress: given };
}

/**
 * Gives each port its number on the host; a port in use is an error that names it. One that a
 * forwarder opens, and that may be any, gets its number from there.
 */
export async function bindPorts(
  requested: readonly RequestedPort[],
  { forwardsTcp }: { forwardsTcp: boolean },
): Promise<PortToOpen[]> {
  const bound: PortToOpen[] = [];
  for (const { lastHostPort, ...port } of requested) {
    const last = lastHostPort ?? port.hostPort;
    const isGiven = forwardsTcp && port.protocol === "tcp" && last === 0;
    bound.push(isGiven ? port : { ...port, hostPort: await claimOne(port, last, bound) });
  }
  return bound;
}

/** The first of its range that is free, and that none of `taken` has. */
async function claimOne(
  { protocol, hostAddress: address, hostPort }: BoundPort,
  last: number,
  taken: readonly BoundPort[],
): Promise<number> {
  const isTaken = (port: number) =>
    port !== 0 && taken.some((one) => one.protocol === protocol && one.hostPort === port);
  for (let port = hostPort; port < last; port += 1) {
    if (isTaken(port)) continue;
    try {
      return await claimHostPort({ protocol, address, port });
    } catch (error) {
      if (!(error instanceof DvmError)) throw error; // somebody has it: the next one
    }
  }
  return claimHostPort({ protocol, address, port: last });
}

function parsePortKey(key: string): { port: number; protocol: "tcp" | "udp" } {
  const [number = "", given = "tcp"] = key.split("/");
  const protocol = given.toLowerCase();
  if (protocol !== "tcp" && protocol !== "udp") {
    throw new DvmError("unsupported", `cannot publish ${key}: only tcp and udp ports can be`);
  }
  return { port: parsePort(number, 1), protocol };
}

/** One, a range as `8000-8010` to choose from, or none: any. */
function parseHostPort(text: string): Pick<RequestedPort, "hostPort" | "lastHostPort"> {
  const [first = "", last, ...more] = (text === "" ? "0" : text).split("-");
  const hostPort = parsePort(first, 0, text);
  if (last === undefined) return { hostPort };
  const lastHostPort = parsePort(last, 0, text);
  if (more.length > 0 || lastHostPort < hostPort) throw badPort(text);
  return { hostPort, lastHostPort };
}

function parsePort(text: string, least: number, whole = text): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  if (port < least || port > 65_535) throw badPort(whole);
  return port;
}

function badPort(text: string): DvmError {
  return new DvmError("invalid", `invalid port specification: "${text}"`);
}
