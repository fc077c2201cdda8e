import { writeFile } from "node:fs/promises";
import type { ContainerSetup } from "../../agent/agent-client.ts";
import type { Engine } from "../core.ts";

/**
 * What the agent writes to a container's /etc at its start (guest/etc.c), beside its log: `inspect`
 * names these files, as Docker's. What the container makes of its own is not seen in them.
 */
export async function writeNetworkFiles(
  engine: Engine,
  id: string,
  setup: ContainerSetup,
): Promise<void> {
  const { hostname, hosts, resolver } = engine.networkFiles(id);
  await Promise.all([
    writeFile(hostname, `${setup.hostname}\n`),
    writeFile(hosts, composeHosts(setup)),
    writeFile(resolver, composeResolver(setup)),
  ]);
}

const everyonesHosts = `127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::\tip6-localnet
ff00::\tip6-mcastprefix
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
`;

function composeHosts({ hostname, domainname = "", extraHosts, network }: ContainerSetup): string {
  const extra = extraHosts.map((entry) => entry.replace(/^([^:]*):(.*)$/, "$2\t$1\n"));
  const [card] = network.cards;
  const names = domainname === "" ? hostname : `${hostname}.${domainname}`;
  const [short = hostname] = hostname.split(".");
  const own = names === short ? names : `${names} ${short}`;
  const address = card?.addresses[0]?.replace(/\/.*$/, "");
  return everyonesHosts + extra.join("") + (address === undefined ? "" : `${address}\t${own}\n`);
}

function composeResolver({ network: { search, nameservers, options } }: ContainerSetup): string {
  const words = (key: string, values: readonly string[]) =>
    values.length === 0 ? "" : `${[key, ...values].join(" ")}\n`;
  const servers = nameservers.map((server) => `nameserver ${server}\n`);
  return words("search", search) + servers.join("") + words("options", options);
}
