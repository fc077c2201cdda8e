import { isIPv6 } from "node:net";
import { DvmError } from "../../base/errors.ts";
import { ephemeralPorts, type HostPort, portFault } from "../../network/host-ports.ts";
import { overlapping } from "../../network/port-overlap.ts";
import { allocated, notBound } from "../../network/port-words.ts";
import type { Engine } from "../core.ts";
import type { BoundPort, ContainerRecord, RequestedPort } from "../records.ts";
import type { PortNetwork } from "./port-network.ts";
import { failedBy } from "./said-why.ts";
import { withoutPrefix } from "../../network/without-prefix.ts";

const everyAddress = "0.0.0.0";
/** So often another number is tried where any is good. */
const attempts = 10;

/**
 * Chooses each port's number on the host, one that nobody has, and keeps it for the container until
 * `engine.ports.settle()`. A port in use is an error in Docker's words.
 */
export async function reservePorts(
  engine: Engine,
  { id, name, run }: Pick<ContainerRecord, "id" | "name" | "run">,
  network: PortNetwork,
): Promise<BoundPort[]> {
  const what = `driver failed programming external connectivity on endpoint ${name} (${network.endpointId})`;
  const bound: BoundPort[] = [];
  const claim = (more: readonly BoundPort[]) => engine.ports.claim(id, [...bound, ...more]);
  await failedBy(`failed to set up container networking: ${what}`, async () => {
    for (const wanted of run.network?.ports ?? [])
      bound.push(...(await reserveOne(engine, { id, network, bound, claim }, wanted)));
    claim([]);
  });
  return bound;
}

interface Reserving {
  id: string;
  network: PortNetwork;
  /** What the container has already. */
  bound: readonly BoundPort[];
  claim: (more: readonly BoundPort[]) => void;
}

/** The same number at each of its addresses. */
async function reserveOne(
  engine: Engine,
  reserving: Reserving,
  wanted: RequestedPort,
): Promise<BoundPort[]> {
  const addresses = addressesOf(wanted, reserving.network);
  if (addresses.length === 0) return [];
  const key = `${wanted.protocol} ${addresses.join()}`;
  const numbers = await numbersOf(engine, key, wanted);
  let fault: DvmError | undefined;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const number = nextFree(engine, { reserving, wanted, addresses, numbers });
    if (number === undefined) break;
    if (wanted.hostPort === 0) engine.ports.given(key, number);
    const ports = placesOf(wanted, addresses, number);
    reserving.claim(ports);
    const [free, why] = await tryAll(ports, reserving);
    if (why === undefined) return free;
    fault = why;
  }
  throw fault ?? new DvmError("unavailable", "all ports are allocated");
}

function addressesOf(
  { hostAddress, ofBothFamilies }: RequestedPort,
  { ipv4, ipv6, defaultAddress }: PortNetwork,
): string[] {
  const every = defaultAddress === everyAddress ? [everyAddress, "::"] : [defaultAddress];
  const asked = ofBothFamilies === true ? every : [hostAddress];
  // clients of IPv6 are led to a container without it, not the other way round
  return asked.filter((address) => (isIPv6(address) ? true : ipv4 !== "" || ipv6 === ""));
}

async function numbersOf(
  { ports }: Engine,
  key: string,
  { hostPort, lastHostPort = hostPort }: RequestedPort,
): Promise<Iterator<number>> {
  if (hostPort === 0) return ports.inTurn(key, await ephemeralPorts());
  const count = lastHostPort - hostPort + 1;
  return Array.from({ length: count }, (_, index) => hostPort + index).values();
}

interface Choice {
  reserving: Reserving;
  wanted: RequestedPort;
  addresses: readonly string[];
  numbers: Iterator<number>;
}

/** The next number that no container has; undefined: there is none. One that must be it is refused. */
function nextFree(engine: Engine, choice: Choice): number | undefined {
  const { wanted, addresses, numbers, reserving } = choice;
  const { hostPort, lastHostPort = hostPort } = wanted;
  const isOnly = hostPort !== 0 && hostPort === lastHostPort;
  const others = [
    ...engine.ports.ofOthers(reserving.id),
    ...reserving.bound.filter((one) => !isSamePort(one, wanted)),
  ];
  for (let next = numbers.next(); next.done !== true; next = numbers.next()) {
    const ports = addresses.map((hostAddress) => ({
      ...{ protocol: wanted.protocol, hostAddress, hostPort: next.value },
    }));
    const clash = ports.flatMap((port) => overlapping(port, others) ?? [])[0];
    if (clash === undefined) return next.value;
    if (isOnly) throw allocated({ address: clash.hostAddress, port: clash.hostPort });
  }
  return undefined;
}

function isSamePort(one: BoundPort, other: RequestedPort): boolean {
  return one.containerPort === other.containerPort && one.protocol === other.protocol;
}

function placesOf(
  { containerPort, protocol }: RequestedPort,
  addresses: readonly string[],
  hostPort: number,
): BoundPort[] {
  if (protocol === "sctp")
    throw new DvmError(
      "unavailable",
      `error starting userland proxy: failed to listen on ${addresses[0]}:${hostPort}: protocol not supported`,
    );
  if (protocol !== "tcp" && protocol !== "udp")
    throw new DvmError("unavailable", "unknown protocol");
  return addresses.map((hostAddress) => ({ containerPort, protocol, hostAddress, hostPort }));
}

/** Those that the host has, or why they can't be had. */
async function tryAll(
  ports: readonly BoundPort[],
  { bound, network }: Reserving,
): Promise<[BoundPort[], DvmError | undefined]> {
  const free: BoundPort[] = [];
  for (const port of ports) {
    const own = overlapping(port, bound);
    if (own !== undefined && port.protocol === "tcp")
      throw new DvmError("unavailable", "failed to listen on TCP socket: address already in use");
    const wanted = { protocol: port.protocol, address: port.hostAddress, port: port.hostPort };
    const fault = own === undefined ? await portFault(wanted) : undefined;
    if (fault !== undefined && isAbsent(fault, port, free)) continue;
    if (fault !== undefined) return [[], portError(wanted, { port, network, fault })];
    free.push(port);
  }
  return [free, undefined];
}

/** A host without IPv6 has ports at its other addresses. */
function isAbsent(fault: string, { hostAddress }: BoundPort, free: readonly BoundPort[]): boolean {
  const isNone = fault === "EAFNOSUPPORT" || fault === "EADDRNOTAVAIL";
  return isNone && hostAddress === "::" && free.length > 0;
}

interface Refused {
  port: Pick<BoundPort, "containerPort">;
  network: Pick<PortNetwork, "ipv4" | "ipv6">;
  fault: string;
}

/** Of a port that the host doesn't give. */
export function portError(
  wanted: HostPort,
  { port: { containerPort }, network, fault }: Refused,
): DvmError {
  const [ipv4, ipv6] = [network.ipv4, network.ipv6].map(withoutPrefix);
  const isSix = ipv4 === "" || (isIPv6(wanted.address) && ipv6 !== "");
  const target = isSix ? `[${ipv6}]:${containerPort}` : `${ipv4}:${containerPort}`;
  return notBound(wanted, target, fault);
}
