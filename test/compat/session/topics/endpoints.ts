import { asObject } from "../../../../src/client/json.ts";
import type { Session } from "../session.ts";
import { plainAddresses } from "./own-networks.ts";

const Image = "busybox";
const Cmd = ["sleep", "1000"];
const filters = (wanted: object) => encodeURIComponent(JSON.stringify(wanted));

/** Containers on networks that clients make: created there, connected, disconnected, removed. */
export async function endpoints(session: Session): Promise<void> {
  await network(session, "front", { Subnet: "10.93.1.0/24" });
  await network(session, "back", { Subnet: "10.93.2.0/24", IPRange: "10.93.2.64/26" });
  await session.call("POST /containers/create?name=web", {
    body: {
      ...{ Image, Cmd, Hostname: "web-host" },
      HostConfig: { NetworkMode: "front" },
      NetworkingConfig: {
        EndpointsConfig: {
          front: { Aliases: ["www"], IPAMConfig: { IPv4Address: "10.93.1.80" } },
        },
      },
    },
  });
  await look(session, "web", "created");
  await session.call("GET /networks/front", { note: "with one that was created" });
  await session.call("POST /containers/web/start");
  await look(session, "web", "running");
  await session.call("GET /networks/front", { note: "with one that runs" });
  await session.call("DELETE /networks/front", { note: "in use" });
  await connections(session);
  await refusals(session);
  for (const wanted of [{ network: ["front"] }, { network: ["back"] }, { network: ["nosuch"] }])
    await session.call(`GET /containers/json?filters=${filters(wanted)}`, {
      note: JSON.stringify(wanted),
    });
  await session.prepare("POST /containers/web/stop?t=0");
  await look(session, "web", "stopped");
  await session.call("GET /networks/front", { note: "with one that is stopped" });
  await session.call("DELETE /networks/back", { note: "of one that is stopped" });
  await session.call("POST /containers/web/start", { note: "one of its networks is gone" });
  await session.call("DELETE /containers/web?force=1");
  await created(session);
  for (const name of ["front", "back"]) await session.call(`DELETE /networks/${name}`);
}

async function network(session: Session, name: string, config: object): Promise<void> {
  const body = { Name: name, IPAM: { Config: [config] } };
  await session.prepare("POST /networks/create", { body });
}

async function look(session: Session, name: string, note: string): Promise<void> {
  const { body } = await session.call(`GET /containers/${name}/json`, { note });
  const { Networks: networks } = asObject(asObject(body)["NetworkSettings"]);
  session.note(`addresses of ${name}, ${note}`, plainAddresses(addressesOf(networks)));
}

function addressesOf(networks: unknown): unknown {
  return Object.entries(asObject(networks)).map(([name, endpoint]) => {
    const { IPAddress, Gateway, IPPrefixLen, IPAMConfig } = asObject(endpoint);
    return { name, IPAddress, Gateway, IPPrefixLen, IPAMConfig };
  });
}

async function connections(session: Session): Promise<void> {
  const body = { Container: "web", EndpointConfig: { Aliases: ["data"], GwPriority: 1 } };
  await session.call("POST /networks/back/connect", { body });
  await look(session, "web", "connected");
  await session.call("POST /networks/back/connect", { body, note: "again" });
  await session.call("POST /networks/back/disconnect", { body: { Container: "web" } });
  await look(session, "web", "disconnected");
  await session.call("POST /networks/back/disconnect", {
    body: { Container: "web" },
    note: "again",
  });
  const fixed = { IPAMConfig: { IPv4Address: "10.93.2.70" } };
  await session.call("POST /networks/back/connect", {
    body: { Container: "web", EndpointConfig: fixed },
    note: "with an address",
  });
  await look(session, "web", "connected again");
}

async function refusals(session: Session): Promise<void> {
  const cases: Record<string, [string, object]> = {
    nobody: ["front", { Container: "nosuch" }],
    "no container": ["front", {}],
    "no network": ["nosuch", { Container: "web" }],
    "the host's": ["host", { Container: "web" }],
    none: ["none", { Container: "web" }],
    "a wrong type": ["front", { Container: 5 }],
  };
  for (const [note, [name, body]] of Object.entries(cases)) {
    await session.call(`POST /networks/${name}/connect`, { body, note });
    await session.call(`POST /networks/${name}/disconnect`, { body, note });
  }
  await session.call("POST /networks/nosuch/disconnect", {
    body: { Container: "nosuch", Force: true },
    note: "by force",
  });
  await session.prepare("POST /containers/create?name=other", { body: { Image, Cmd } });
  const addresses = {
    taken: "10.93.1.80",
    elsewhere: "10.99.0.9",
    gateway: "10.93.1.1",
    none: "x",
  };
  for (const [note, IPv4Address] of Object.entries(addresses))
    await session.call("POST /networks/front/connect", {
      body: { Container: "other", EndpointConfig: { IPAMConfig: { IPv4Address } } },
      note: `an address: ${note}`,
    });
  await session.prepare("DELETE /containers/other?force=1");
}

/** What create takes, and what is found out then and at the start. */
async function created(session: Session): Promise<void> {
  const cases: Record<string, object> = {
    "two networks": on({ front: {}, back: {} }),
    "an address on the predefined one": on(
      { bridge: { IPAMConfig: { IPv4Address: "172.17.0.9" } } },
      "bridge",
    ),
    "an address of nobody's": on({ front: { IPAMConfig: { IPv4Address: "10.99.0.9" } } }),
    "aliases on the predefined one": on({ bridge: { Aliases: ["x"] } }, "bridge"),
    "a MAC": on({ front: { MacAddress: "02:42:0a:5d:01:09" } }),
    "a MAC that is none": on({ front: { MacAddress: "x" } }),
    "options of a driver": on({ front: { DriverOpts: { a: "b" } } }),
    links: on({ front: { Links: ["nosuch:x"] } }),
    "a network that isn't there": on({}, "nosuch"),
    "of a container": on({}, "container:nosuch"),
    "none and another": on({ none: {}, front: {} }, "none"),
    "of the host": on({}, "host"),
  };
  for (const [note, body] of Object.entries(cases)) {
    const options = { body, note };
    const { status } = await session.call("POST /containers/create?name=one", options);
    if (status !== 201) continue;
    await session.call("GET /containers/one/json", { note });
    await session.call("POST /containers/one/start", { note });
    await look(session, "one", `${note}, started`);
    await session.prepare("DELETE /containers/one?force=1");
  }
}

function on(EndpointsConfig: object, NetworkMode = "front"): object {
  return { Image, Cmd, HostConfig: { NetworkMode }, NetworkingConfig: { EndpointsConfig } };
}
