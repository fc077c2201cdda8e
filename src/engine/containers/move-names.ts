import { readFile, writeFile } from "node:fs/promises";
import { egressOf, type Engine } from "../core.ts";
import {
  addressesOf,
  namingEndpoints,
  ownHosts,
  type PlannedNaming,
  planNaming,
  resolverAddress,
} from "../plan.ts";
import type { ContainerRecord, RunEndpoint } from "../records.ts";
import type { RunningMachine } from "../runs.ts";
import { grantNames } from "./open-connections.ts";

interface Move {
  machine: RunningMachine;
  before: readonly RunEndpoint[];
  after: readonly RunEndpoint[];
}

/**
 * Has a running container be found, and find others, by the networks that it is in now. A resolver
 * that it has stays; what it wrote into its files does, too.
 */
export async function moveNames(
  engine: Engine,
  record: ContainerRecord,
  { machine, before, after }: Move,
): Promise<void> {
  const files = engine.networkFiles(record.id);
  const [hosts, resolver] = await Promise.all([
    readFile(files.hosts, "utf8"),
    readFile(files.resolver, "utf8"),
  ]);
  const hasResolver = asksInside(resolver);
  const naming = await namingOf(engine, record, { endpoints: after, hasResolver });
  await grantNames(engine.parts, machine, { containerId: record.id, naming });
  const [old, now] = [before, after].map((endpoints) => hostLines(record, endpoints));
  const change = {
    hosts: { removed: without(old, now), added: without(now, old) },
    resolver: { before: resolver, after: hasResolver ? resolver : naming.setup.resolver },
    relay: naming.setup.relay,
  };
  await machine.agent.changeNames(record.id, change);
  const kept = without(hosts.split("\n"), [...change.hosts.removed, ""]);
  const lines = [...kept, ...change.hosts.added].map((line) => `${line}\n`);
  await writeFile(files.hosts, lines.join(""));
  await writeFile(files.resolver, change.resolver.after);
}

/** The same of one that a daemon found running: what answers may be another than it was. */
export async function renewNames(
  engine: Engine,
  record: ContainerRecord,
  machine: RunningMachine,
): Promise<void> {
  const endpoints = "endpoints" in record.state ? record.state.endpoints : [];
  if (endpoints.every(({ tap }) => tap === "")) return;
  const resolver = await readFile(engine.networkFiles(record.id).resolver, "utf8");
  const hasResolver = asksInside(resolver);
  if (!hasResolver) return;
  const naming = await namingOf(engine, record, { endpoints, hasResolver });
  await grantNames(engine.parts, machine, { containerId: record.id, naming });
}

/** Its name among those that it is found by, once it has another one. */
export function renamed(
  endpoints: readonly RunEndpoint[],
  [oldName, newName]: readonly [string, string],
): RunEndpoint[] {
  return endpoints.map((endpoint) => ({
    ...endpoint,
    names: endpoint.names.map((name, place) => (place === 0 && name === oldName ? newName : name)),
  }));
}

async function namingOf(
  engine: Engine,
  { id: containerId, run }: ContainerRecord,
  { endpoints, hasResolver }: { endpoints: readonly RunEndpoint[]; hasResolver: boolean },
): Promise<PlannedNaming> {
  return planNaming({
    ...{ containerId, run, hasResolver },
    egress: egressOf(engine, containerId, endpoints),
    resolver: await engine.parts.hostResolver(),
    endpoints: namingEndpoints(engine, { run, endpoints, isUser: false }),
    hostGateway: await engine.hostGateway(),
  });
}

function asksInside(resolver: string): boolean {
  return resolver.includes(`nameserver ${resolverAddress}\n`);
}

function hostLines(
  { run: { hostname, domainname } }: ContainerRecord,
  endpoints: readonly RunEndpoint[],
): string[] {
  const addresses = endpoints.flatMap(addressesOf);
  return ownHosts({ hostname, domainname, addresses });
}

function without(lines: readonly string[] = [], others: readonly string[] = []): string[] {
  return lines.filter((line) => !others.includes(line));
}
