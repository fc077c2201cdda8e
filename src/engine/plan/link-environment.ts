interface LinkedContainer {
  /** As it is linked: `/web/db`. */
  name: string;
  address: string;
  env: readonly string[];
  /** As `80/tcp`. */
  exposedPorts: readonly string[];
}

interface Port {
  number: number;
  protocol: string;
}

/** What a container is told of one that is linked to it, by Docker's names (daemon/links). */
export function linkEnvironment({ name, address, env, exposedPorts }: LinkedContainer): string[] {
  const prefix = (name.split("/").at(-1) ?? "").toUpperCase().replaceAll("-", "_");
  const ports = exposedPorts.map(parsePort).sort(byProtocolAndNumber);
  const url = ({ protocol, number }: Port) => `${protocol}://${address}:${number}`;
  const field = ({ protocol, number }: Port) =>
    `${prefix}_PORT_${number}_${protocol.toUpperCase()}`;
  const [first] = ports;
  return [
    ...(first === undefined ? [] : [`${prefix}_PORT=${url(first)}`]),
    ...ranges(ports).flatMap(([from, to]) => [
      `${field(from)}_START=${url(from)}`,
      `${field(from)}_ADDR=${address}`,
      `${field(from)}_PROTO=${from.protocol}`,
      `${field(from)}_PORT_START=${from.number}`,
      `${field(from)}_END=${url(to)}`,
      `${field(from)}_PORT_END=${to.number}`,
    ]),
    ...ports.flatMap((port) => [
      `${field(port)}=${url(port)}`,
      `${field(port)}_ADDR=${address}`,
      `${field(port)}_PORT=${port.number}`,
      `${field(port)}_PROTO=${port.protocol}`,
    ]),
    `${prefix}_NAME=${name}`,
    ...env
      .filter((setting) => /^[^=]+=/.test(setting) && !/^(HOME|PATH)=/.test(setting))
      .map((setting) => `${prefix}_ENV_${setting}`),
  ];
}

function parsePort(key: string): Port {
  const [number = "", protocol = "tcp"] = key.split("/");
  return { number: Number(number), protocol };
}

/** TCP first. */
function byProtocolAndNumber(a: Port, b: Port): number {
  if (a.protocol === b.protocol) return a.number - b.number;
  return a.protocol === "tcp" || (b.protocol !== "tcp" && a.protocol < b.protocol) ? -1 : 1;
}

/** The first and the last of each row of more than one. */
function ranges(ports: readonly Port[]): [Port, Port][] {
  const rows: Port[][] = [];
  for (const port of ports) {
    const row = rows.at(-1);
    const last = row?.at(-1);
    const follows = last?.number === port.number - 1 && last.protocol === port.protocol;
    if (follows) row?.push(port);
    else rows.push([port]);
  }
  return rows.flatMap(([first, ...more]) => {
    const last = more.at(-1);
    return first === undefined || last === undefined ? [] : [[first, last] satisfies [Port, Port]];
  });
}
