import { DvmError } from "../../base/errors.ts";
import { isAddress } from "./value-checks.ts";

export interface PublishedPorts {
  exposed: Record<string, object>;
  bindings: Record<string, { HostIp: string; HostPort: string }[]>;
}

interface PortRange {
  first: number;
  last: number;
}

const protocols = ["tcp", "udp", "sctp"];

/**
 * `-p [[HOST_IP:]HOST_PORT:]PORT[/PROTOCOL]`, each port also a range, and `--expose PORT[/PROTOCOL]`
 * → what the API wants. A range of host ports for one port lets the daemon choose within it.
 */
export function readPorts(published: readonly string[], expose: readonly string[]): PublishedPorts {
  const ports: PublishedPorts = { exposed: {}, bindings: {} };
  for (const specification of published) publish(specification, ports);
  for (const specification of expose) {
    const { text, protocol } = splitProtocol(specification);
    const range = parseRange(text);
    if (range === undefined)
      throw new DvmError("invalid", `invalid range format for --expose: ${specification}`);
    for (const port of portsOf(range)) ports.exposed[`${port}/${protocol}`] = {};
  }
  return ports;
}

function publish(specification: string, ports: PublishedPorts): void {
  const { text, protocol } = splitProtocol(specification);
  const { hostIp, hostPort, containerPort } = splitAddress(text);
  const container = parseRange(containerPort);
  if (container === undefined)
    throw new DvmError("invalid", `invalid containerPort: ${containerPort}`);
  const host = hostPort === "" ? undefined : parseRange(hostPort);
  if (hostPort !== "" && host === undefined)
    throw new DvmError("invalid", `invalid hostPort: ${hostPort}`);
  const count = container.last - container.first;
  const hostCount = host === undefined ? count : host.last - host.first;
  if (hostCount !== count && count > 0)
    throw new DvmError(
      "invalid",
      `invalid ranges specified for container and host Ports: ${containerPort} and ${hostPort}`,
    );
  for (const port of portsOf(container)) {
    const key = `${port}/${protocol}`;
    ports.exposed[key] = {};
    const bindings = (ports.bindings[key] ??= []);
    const chosen = hostCount === count ? hostPortAt(host, port - container.first) : hostPort;
    bindings.push({ HostIp: hostIp, HostPort: chosen });
  }
}

function hostPortAt(host: PortRange | undefined, index: number): string {
  return host === undefined ? "" : String(host.first + index);
}

function splitProtocol(specification: string): { text: string; protocol: string } {
  const [text = "", protocol = "tcp", ...more] = specification.split("/");
  const known = protocol.toLowerCase();
  if (!protocols.includes(known) || more.length > 0)
    throw new DvmError("invalid", `invalid proto: ${[protocol, ...more].join("/")}`);
  return { text, protocol: known };
}

function splitAddress(text: string): { hostIp: string; hostPort: string; containerPort: string } {
  const bracketed = /^\[([^\]]+)\]:(.*)$/.exec(text);
  const parts = (bracketed?.[2] ?? text).split(":");
  const containerPort = parts.pop() ?? "";
  const hostPort = parts.pop() ?? "";
  if (containerPort === "") throw new DvmError("invalid", `no port specified: ${text}<empty>`);
  const hostIp = bracketed?.[1] ?? parts.join(":");
  if (hostIp !== "" && !isAddress(hostIp))
    throw new DvmError("invalid", `invalid IP address: ${hostIp}`);
  return { hostIp, hostPort, containerPort };
}

function parseRange(text: string): PortRange | undefined {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (match === null) return undefined;
  const first = Number(match[1]);
  const last = match[2] === undefined ? first : Number(match[2]);
  return first > last || last > 65_535 ? undefined : { first, last };
}

function* portsOf({ first, last }: PortRange): Generator<number> {
  for (let port = first; port <= last; port++) yield port;
}
