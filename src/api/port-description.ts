import type { BoundPort, ContainerRecord } from "../engine/records.ts";

/** Ports that are bound now. */
export function portsOf({ state }: ContainerRecord): BoundPort[] {
  return "ports" in state ? state.ports : [];
}

interface ListedPort {
  IP?: string;
  PrivatePort: number;
  PublicPort?: number;
  Type: string;
}

/** As a list shows ports: those that are bound, and those that are only exposed while it runs. */
export function portsInList(record: ContainerRecord): ListedPort[] {
  const bound: ListedPort[] = portsOf(record).map(
    ({ hostAddress, containerPort, hostPort, protocol }) => ({
      ...(hostAddress === "" ? {} : { IP: hostAddress }),
      PrivatePort: containerPort,
      PublicPort: hostPort,
      Type: protocol,
    }),
  );
  const exposed = Object.keys(portMap(record)).flatMap((key) => {
    const [port = "", Type = ""] = key.split("/");
    const PrivatePort = Number(port);
    const isBound = bound.some((one) => one.PrivatePort === PrivatePort && one.Type === Type);
    return isBound ? [] : [{ PrivatePort, Type }];
  });
  return [...bound, ...exposed];
}

/** `Ports` of network settings: what is bound, and of one that runs what is exposed. */
export function portMap(
  record: ContainerRecord,
): Record<string, { HostIp: string; HostPort: string }[] | null> {
  const map: Record<string, { HostIp: string; HostPort: string }[] | null> = {};
  if (isOnNetwork(record))
    for (const key of Object.keys(record.request.config.ExposedPorts)) map[shownKey(key)] = null;
  for (const port of portsOf(record)) {
    const key = `${port.containerPort}/${port.protocol}`;
    const bindings = map[key] ?? [];
    map[key] = [...bindings, { HostIp: port.hostAddress, HostPort: String(port.hostPort) }];
  }
  return map;
}

/** Some network of it leads out; else there are none to be published. */
function isOnNetwork({ state }: ContainerRecord): boolean {
  return (
    "endpoints" in state &&
    state.endpoints.some(({ gateway4, gateway6 }) => gateway4 !== "" || gateway6 !== "")
  );
}

const protocols = ["tcp", "udp", "sctp"];

/** As Docker shows what an image or a client called exposed, whatever it is. */
function shownKey(key: string): string {
  const [port = "", protocol = key === "" ? "" : "tcp"] = key.toLowerCase().split("/");
  const number = /^\d{1,5}$/.test(port) ? Number(port) : 0;
  return `${number}/${protocols.includes(protocol) ? protocol : "0"}`;
}
