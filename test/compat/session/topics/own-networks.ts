import { asObject } from "../../../../src/client/json.ts";
import type { Session } from "../session.ts";

const filters = (wanted: object) => encodeURIComponent(JSON.stringify(wanted));
const create = "POST /networks/create";

/** Networks that clients make: their settings, what is refused of them, lists, removal. */
export async function ownNetworks(session: Session): Promise<void> {
  for (const [name, more] of Object.entries(settings)) {
    const body = { Name: name, ...more };
    const { status } = await session.call(create, { body, note: name });
    if (status !== 201) continue;
    const answer = await session.call(`GET /networks/${name}`);
    session.note(`addresses of ${name}`, plainAddresses(asObject(answer.body)["IPAM"]));
  }
  await session.call(create, { body: { Name: "labels" }, note: "a name that is taken" });
  for (const [note, more] of Object.entries(refused))
    await session.call(create, { body: { Name: "refused", ...more }, note });
  await session.call(create, { body: "{", note: "no JSON" });
  await session.call(create, { body: "[]", note: "a list" });
  await session.call(create, { note: "nothing" });
  for (const wanted of looked)
    await session.call(`GET /networks?filters=${filters(wanted)}`, {
      note: `own ones, ${JSON.stringify(wanted)}`,
    });
  await session.call("GET /networks", { note: "with own ones" });
  await session.call("GET /v1.24/networks/labels");
  await session.call("GET /networks/labels?scope=local");
  await session.call("GET /networks/labels?scope=swarm");
  await session.call("GET /networks/labels?verbose=x");
  await session.call("DELETE /networks/labels");
  await session.call("DELETE /networks/labels", { note: "gone" });
  await session.call(`POST /networks/prune?filters=${filters({ label: ["keep=no"] })}`, {
    note: "by a label",
  });
  await session.call(`POST /networks/prune?filters=${filters({ bogus: ["x"] })}`, {
    note: "bogus",
  });
  await session.call(`POST /networks/prune?filters=${filters({ until: ["x"] })}`, {
    note: "until x",
  });
  await session.call("POST /networks/prune", { note: "own ones" });
  await session.call("GET /networks", { note: "after prune" });
}

const subnet = (config: object) => ({ IPAM: { Driver: "default", Config: [config] } });

const settings: Record<string, object> = {
  plain: {},
  labels: { Labels: { keep: "yes" }, Driver: "bridge" },
  pruned: { Labels: { keep: "no" } },
  "a-subnet": subnet({ Subnet: "10.91.1.0/24" }),
  "a-gateway": subnet({ Subnet: "10.91.2.0/24", Gateway: "10.91.2.254" }),
  "a-range": subnet({ Subnet: "10.91.3.0/24", IPRange: "10.91.3.128/25" }),
  reserved: subnet({
    ...{ Subnet: "10.91.4.0/24", Gateway: "10.91.4.1" },
    AuxiliaryAddresses: { router: "10.91.4.2" },
  }),
  internal: { Internal: true, ...subnet({ Subnet: "10.91.5.0/24" }) },
  mtu: { Options: { "com.docker.network.driver.mtu": "1400" } },
  attachable: { Attachable: true },
  "six-only": { EnableIPv4: false, EnableIPv6: true, ...subnet({ Subnet: "fd00:91::/64" }) },
  six: { EnableIPv6: true, ...subnet({ Subnet: "fd00:92::/64" }) },
  "host-bits": subnet({ Subnet: "10.91.6.7/24" }),
};

const refused: Record<string, object> = {
  "no driver": { Driver: "nosuch" },
  overlay: { Driver: "overlay" },
  host: { Driver: "host" },
  null: { Driver: "null" },
  "a name of host's": { Name: "host" },
  "an empty name": { Name: "" },
  "a name with a slash": { Name: "a/b" },
  "an overlap": subnet({ Subnet: "10.91.1.128/25" }),
  "no subnet": subnet({ Subnet: "nonsense" }),
  "a gateway elsewhere": subnet({ Subnet: "10.91.9.0/24", Gateway: "10.92.0.1" }),
  "a range elsewhere": subnet({ Subnet: "10.91.9.0/24", IPRange: "10.92.0.0/25" }),
  "a gateway without a subnet": subnet({ Gateway: "10.91.9.1" }),
  "an IPAM driver": { IPAM: { Driver: "nosuch" } },
  "an MTU of words": { Options: { "com.docker.network.driver.mtu": "wide" } },
  "config only": { ConfigOnly: true, Internal: true },
  "config from nobody": { ConfigFrom: { Network: "nosuch" } },
  ingress: { Ingress: true },
  "a name of a wrong type": { Name: 5 },
  "labels of a wrong type": { Labels: [] },
};

const looked = [
  ...[{ name: ["a-"] }, { name: ["^plain$"] }, { label: ["keep"] }, { label: ["keep=no"] }],
  ...[{ driver: ["bridge"] }, { type: ["custom"] }, { dangling: ["true"] }, { dangling: ["x"] }],
  ...[{ scope: ["local"], name: ["mtu"] }, { label: ["keep"], name: ["labels"] }, { id: ["x"] }],
];

/** As text that no mask takes for what is another one each time. */
export function plainAddresses(value: unknown): unknown {
  return JSON.stringify(value)?.replace(/[.:]/g, "-");
}
