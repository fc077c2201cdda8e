import type { SwitchPlace } from "../../network/forwarder.ts";
import type { Engine } from "../core.ts";
import { driverOption } from "../networks.ts";
import type { RunEndpoint } from "../records.ts";

/** Of the networks that a container's ports are published of: those that its ways out lead to. */
export interface PortNetwork extends SwitchPlace {
  endpointId: string;
  /** Where ports are opened that ask for no address. */
  defaultAddress: string;
}

/** Undefined: no way leads out, and so none in. */
export function portNetwork(
  { networks }: Pick<Engine, "networks">,
  endpoints: readonly RunEndpoint[],
): PortNetwork | undefined {
  const four = endpoints.find(({ ipv4, gateway4 }) => ipv4 !== "" && gateway4 !== "");
  const six = endpoints.find(({ ipv6, gateway6 }) => ipv6 !== "" && gateway6 !== "");
  const first = four ?? six;
  if (first === undefined) return undefined;
  const options = networks.get(first.networkId)?.options ?? {};
  const defaultAddress = options[driverOption.bindingIp] ?? "";
  return {
    ...{ ipv4: four?.ipv4 ?? "", gateway4: four?.gateway4 ?? "" },
    ...{ ipv6: six?.ipv6 ?? "", gateway6: six?.gateway6 ?? "" },
    endpointId: first.endpointId,
    defaultAddress: defaultAddress === "" ? "0.0.0.0" : defaultAddress,
  };
}
