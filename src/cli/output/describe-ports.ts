import { asNumber, asText, type JsonObject } from "../../client/json.ts";

interface PortLine {
  address: string;
  container: number;
  host: number;
  protocol: string;
  /** How many ports from here on follow one after the other. */
  count: number;
}

/** `0.0.0.0:8080->80/tcp, 443/tcp`; neighbours become ranges, as in docker's `ps`. */
export function describePorts(ports: readonly JsonObject[]): string {
  const lines: PortLine[] = [];
  for (const port of ports.map(readPort).sort(comparePorts)) {
    const last = lines.at(-1);
    if (last !== undefined && follows(last, port)) last.count++;
    else lines.push(port);
  }
  return lines.map(describeLine).join(", ");
}

function readPort(port: JsonObject): PortLine {
  return {
    address: asText(port["IP"]),
    container: asNumber(port["PrivatePort"]),
    host: asNumber(port["PublicPort"]),
    protocol: asText(port["Type"]),
    count: 1,
  };
}

function comparePorts(a: PortLine, b: PortLine): number {
  return (
    a.protocol.localeCompare(b.protocol) ||
    (a.address < b.address ? -1 : Number(a.address > b.address)) ||
    a.container - b.container ||
    a.host - b.host
  );
}

function follows(line: PortLine, port: PortLine): boolean {
  const { address, protocol, container, host, count } = line;
  const sameKind = address === port.address && protocol === port.protocol;
  const hostFollows = host === 0 ? port.host === 0 : port.host === host + count;
  return sameKind && port.container === container + count && hostFollows;
}

function describeLine({ address, container, host, protocol, count }: PortLine): string {
  const range = (first: number): string =>
    count === 1 ? `${first}` : `${first}-${first + count - 1}`;
  const inside = `${range(container)}/${protocol}`;
  if (host === 0) return inside;
  const outside = address.includes(":") ? `[${address}]` : address;
  return `${outside}:${range(host)}->${inside}`;
}
