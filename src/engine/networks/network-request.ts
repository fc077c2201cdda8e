import { z } from "zod";
import { goNamed } from "../../base/go-schema.ts";
import { flag, list, map, optional, string, stringMap } from "../../base/json-fields.ts";

const ipamConfig = goNamed(
  "network.IPAMConfig",
  z.object({ Subnet: string, IPRange: string, Gateway: string, AuxiliaryAddresses: stringMap }),
);

/** What `POST /networks/create` is asked for, by Docker's names. */
export const networkRequestSchema = z.object({
  Name: string,
  Driver: string,
  Scope: string,
  EnableIPv4: optional(z.boolean()),
  EnableIPv6: optional(z.boolean()),
  Internal: flag,
  Attachable: flag,
  Ingress: flag,
  ConfigOnly: flag,
  ConfigFrom: optional(goNamed("network.ConfigReference", z.object({ Network: string }))),
  IPAM: optional(
    goNamed(
      "network.IPAM",
      z.object({ Driver: string, Options: map(string), Config: list(ipamConfig) }),
    ),
  ),
  Options: stringMap,
  Labels: stringMap,
});
export type NetworkRequest = z.infer<typeof networkRequestSchema>;
export type IpamConfig = z.infer<typeof ipamConfig>;
