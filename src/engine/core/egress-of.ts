import { egressLabel, type EgressRule, parseEgress } from "../../network/egress/egress-policy.ts";
import type { RunEndpoint } from "../records.ts";
import type { Engine } from "./engine.ts";

/**
 * What a container may reach outside: what its own label says, else those of its networks together;
 * undefined: all.
 */
export function egressOf(
  { containers, networks }: Pick<Engine, "containers" | "networks">,
  container: string,
  endpoints: readonly Pick<RunEndpoint, "networkId">[],
): EgressRule[] | undefined {
  const own = containers.get(container)?.labels[egressLabel];
  if (own !== undefined) return parseEgress(own);
  const said = endpoints.flatMap(
    ({ networkId }) => networks.get(networkId)?.labels[egressLabel] ?? [],
  );
  return said.length === 0 ? undefined : parseEgress(said.join(" "));
}
