import { DvmError } from "../../base/errors.ts";
import type { Engine } from "../core.ts";
import { joinNetworks, withEndpoint } from "../networks.ts";
import { type ContainerRecord, endpointSchema, type RunEndpoint } from "../records.ts";

/** A container that is about to start, with its place in each of its networks. */
export interface Joined {
  record: ContainerRecord;
  endpoints: RunEndpoint[];
}

/** Gives it its places; what fails leaves it none. */
export async function join(engine: Engine, record: ContainerRecord): Promise<Joined> {
  try {
    const endpoints = await joinNetworks(engine, record);
    return { endpoints, record: withSysctls(withKnown(engine, record, endpoints), endpoints) };
  } catch (error) {
    if (!(error instanceof DvmError)) throw error;
    const { code, message, hint } = error;
    throw new DvmError(code, `failed to set up container networking: ${message}`, {
      cause: error.cause,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

/** From now on its networks are those of these ids, each by its name. */
function withKnown(
  { networks }: Engine,
  record: ContainerRecord,
  endpoints: readonly RunEndpoint[],
): ContainerRecord {
  let known = record;
  for (const { network, networkId } of record.run.networks) {
    const found = endpoints.find((one) => one.networkId === (networkId || idOf(networks, network)));
    if (found === undefined) continue;
    const asked = known.request.endpoints[network] ?? endpointSchema.parse({});
    const place = { asked, networkId: found.networkId, isNamed: true };
    known = { ...known, ...withEndpoint(known, found.network, { ...place, before: network }) };
  }
  return withWholeMode(networks, known);
}

function idOf(networks: Engine["networks"], name: string): string {
  return networks.named(name)?.id ?? networks.find(name).id;
}

/** As Docker keeps a mode that was the beginning of an id. */
function withWholeMode(networks: Engine["networks"], record: ContainerRecord): ContainerRecord {
  const { hostConfig } = record.request;
  const mode = hostConfig.NetworkMode;
  const found = record.run.networks.length === 0 ? undefined : begunBy(networks, mode);
  if (found === undefined || found.name === mode || found.id === mode) return record;
  return {
    ...record,
    request: { ...record.request, hostConfig: { ...hostConfig, NetworkMode: found.id } },
  };
}

function begunBy(networks: Engine["networks"], wanted: string) {
  try {
    return networks.find(wanted);
  } catch {
    return undefined; // a mode that names no network
  }
}

/** Settings of its cards, by the names that these have. */
function withSysctls(record: ContainerRecord, endpoints: readonly RunEndpoint[]): ContainerRecord {
  const { run } = record;
  const settings = run.networks.flatMap(({ network, sysctls }) => {
    const card = endpoints.find((one) => one.network === network)?.interfaceName ?? "eth0";
    return sysctls.map((setting): [string, string] => {
      const [name = "", ...value] = setting.split("=");
      return [name.replace(/\.ifname\./i, `.${card}.`), value.join("=")];
    });
  });
  if (settings.length === 0) return record;
  const sysctls = { ...run.inside.sysctls, ...Object.fromEntries(settings) };
  return { ...record, run: { ...run, inside: { ...run.inside, sysctls } } };
}
