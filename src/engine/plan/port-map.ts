import { DvmError } from "../../base/errors.ts";
import { claimHostPort } from "../../network/host-ports.ts";
import type { BoundPort, HostConfig } from "../records.ts";

const everyAddress = "0.0.0.0";

/** What is to be published, from the API's `PortBindings` and `PublishAllPorts`. */
export function requestedPorts(hostConfig: HostConfig, exposed: readonly string[]): BoundPort[] {
  const ports = Object.entries(hostConfig.PortBindings).flatMap(([key, bindings]) => {
    const { port, protocol } = parsePortKey(key);
    const list = bindings.length === 0 ? [{ HostIp: "", HostPort: "" }] : bindings;
    return list.map((binding) => ({
      containerPort: port,
      protocol,
      hostAddress: binding.HostIp === "" ? everyAddress : binding.HostIp,
      hostPort: parsePort(binding.HostPort === "" ? "0" : binding.HostPort, 0),
    }));
  });
  if (!hostConfig.PublishAllPorts) return ports;
  const bound = new Set(Object.keys(hostConfig.PortBindings));
  const rest = exposed.filter((key) => !bound.has(key)).map(parsePortKey);
  return [
    ...ports,
    ...rest.map(({ port, protocol }) => ({
      containerPort: port,
      protocol,
      hostAddress: everyAddress,
      hostPort: 0,
    })),
  ];
}

/** Gives each port its number on the host; a port in use is an error that names it. */
export async function bindPorts(requested: readonly BoundPort[]): Promise<BoundPort[]> {
  const bound: BoundPort[] = [];
  for (const port of requested) {
    const wanted = { protocol: port.protocol, address: port.hostAddress, port: port.hostPort };
    bound.push({ ...port, hostPort: await claimHostPort(wanted) });
  }
  return bound;
}

function parsePortKey(key: string): { port: number; protocol: "tcp" | "udp" } {
  const [number = "", protocol = "tcp"] = key.split("/");
  if (protocol !== "tcp" && protocol !== "udp") {
    throw new DvmError("unsupported", `cannot publish ${key}: only tcp and udp ports can be`);
  }
  return { port: parsePort(number, 1), protocol };
}

function parsePort(text: string, least: number): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  if (port < least || port > 65_535)
    throw new DvmError("invalid", `invalid port specification: "${text}"`);
  return port;
}
