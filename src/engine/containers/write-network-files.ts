import { readFile, writeFile } from "node:fs/promises";
import type { ContainerSetup, NamingSetup } from "../../agent/agent-client.ts";
import type { Engine } from "../core.ts";

/**
 * What the agent writes to a container's /etc at its start (guest/etc.c), beside its log: `inspect`
 * names these files, as Docker's. What the container makes of its own is not seen in them.
 */
export async function writeNetworkFiles(
  engine: Engine,
  id: string,
  { hostname: name, naming }: ContainerSetup,
): Promise<void> {
  const { hostname, hosts, resolver } = engine.networkFiles(id);
  await Promise.all([
    writeFile(hostname, `${name}\n`),
    writeFile(hosts, naming.hosts),
    writeFile(resolver, naming.resolver),
  ]);
}

/** What a container has that shares the network of another, which has the resolver. */
export async function sharedNaming(engine: Engine, id: string): Promise<NamingSetup> {
  const { hosts, resolver } = engine.networkFiles(id);
  const [own, asked] = await Promise.all([readFile(hosts, "utf8"), readFile(resolver, "utf8")]);
  return { hosts: own, resolver: asked, relay: "" };
}
