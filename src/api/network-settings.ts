import { createHash } from "node:crypto";
import { type Engine, networkId, userNetwork } from "../engine/core.ts";
import { attachedNetworks, type ContainerRecord, isRunning } from "../engine/records.ts";
import { portMap } from "./port-description.ts";

/** Of an endpoint. */
const nothingAsked = {
  ...{ IPAMConfig: null, Links: null, Aliases: null, MacAddress: "", DriverOpts: null },
  GwPriority: 0,
};
const noCard = {
  ...{ EndpointID: "", Gateway: "", IPAddress: "", IPPrefixLen: 0, MacAddress: "" },
  ...{ GlobalIPv6Address: "", GlobalIPv6PrefixLen: 0, IPv6Gateway: "" },
};
/** What Docker shows of networks that it has no more. */
const ofOldNetworks = {
  HairpinMode: false,
  LinkLocalIPv6Address: "",
  LinkLocalIPv6PrefixLen: 0,
  SecondaryIPAddresses: null,
  SecondaryIPv6Addresses: null,
};

/** An id for one thing of a container's run, as long as that goes on: always the same. */
function runId({ id, state }: ContainerRecord, thing: string): string {
  if (!("endpoints" in state)) return "";
  return createHash("sha256").update(`${id} ${state.startedAt} ${thing}`).digest("hex");
}

/** The machine's own user-mode network is shown under the name docker users know. */
export function networkSettings(engine: Engine, record: ContainerRecord) {
  const address =
    record.run.network === undefined || !isRunning(record)
      ? ""
      : userNetwork.address.replace(/\/.*$/, "");
  const gateway = address === "" ? "" : userNetwork.gateway;
  const prefix = address === "" ? 0 : 24;
  const mac = ("endpoints" in record.state ? record.state.endpoints[0]?.mac : undefined) ?? "";
  const card = {
    ...noCard,
    EndpointID: runId(record, "bridge"),
    ...{ IPAddress: address, IPPrefixLen: prefix, Gateway: gateway, MacAddress: mac },
  };
  const isNew = record.state.kind === "created";
  const endpointIn = (network: string) => {
    const asked = record.request.endpoints[network] ?? nothingAsked;
    return {
      ...asked,
      ...(network === "bridge" ? card : { ...noCard, EndpointID: runId(record, network) }),
      ...(isNew ? { MacAddress: asked.MacAddress } : {}),
      NetworkID: isNew ? "" : networkId(engine, network),
      DNSNames: null,
    };
  };
  return {
    Bridge: "",
    SandboxID: runId(record, "sandbox"),
    SandboxKey: "",
    Ports: portMap(record),
    ...ofOldNetworks,
    ...card,
    EndpointID: address === "" ? "" : card.EndpointID,
    Networks: Object.fromEntries(
      attachedNetworks(record.request).map((network) => [network, endpointIn(network)]),
    ),
  };
}
