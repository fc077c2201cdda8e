import { isIP } from "node:net";
import { DvmError } from "../../base/errors.ts";

const network = "com.docker.network";
const bridge = `${network}.bridge`;

/** Docker's names of what its driver `bridge` is told. */
export const driverOption = {
  ipv4: `${network}.enable_ipv4`,
  ipv6: `${network}.enable_ipv6`,
  mtu: `${network}.driver.mtu`,
  name: `${bridge}.name`,
  icc: `${bridge}.enable_icc`,
  masquerade: `${bridge}.enable_ip_masquerade`,
  bindingIp: `${bridge}.host_binding_ipv4`,
  interfacePrefix: `${network}.container_iface_prefix`,
} as const;

const booleans = [
  ...[driverOption.ipv4, driverOption.ipv6, driverOption.icc, driverOption.masquerade],
  ...[`${bridge}.inhibit_ipv4`, `${bridge}.default_bridge`],
];
const addresses = [driverOption.bindingIp, `${network}.host_ipv4`, `${network}.host_ipv6`];
const gatewayModes = [`${bridge}.gateway_mode_ipv4`, `${bridge}.gateway_mode_ipv6`];
const knownGatewayModes = ["", "nat", "nat-unprotected", "routed", "isolated"];
const maximumNameBytes = 15;

/** What the driver is told, in Docker's words (drivers/bridge); what DVM doesn't do is refused by name. */
export function checkDriverOptions(options: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(options)) {
    const fault = faultOf(key, value);
    if (fault !== undefined)
      throw new DvmError("invalid", `failed to parse ${key} value: ${value} (${fault})`);
  }
  if (Number(options[driverOption.mtu] ?? 0) < 0)
    throw new DvmError("invalid", `invalid MTU number: ${Number(options[driverOption.mtu])}`);
  if (Buffer.byteLength(options[driverOption.name] ?? "") > maximumNameBytes)
    throw new DvmError("unclassified", "numerical result out of range");
  refuseUndone(options);
}

/** As Go's strconv.ParseBool reads it; undefined for what is neither. */
export function parseGoBoolean(text: string): boolean | undefined {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(text)) return true;
  return /^(?:0|f|F|FALSE|false|False)$/.test(text) ? false : undefined;
}

function faultOf(key: string, value: string): string | undefined {
  const quoted = JSON.stringify(value);
  if (booleans.includes(key) && parseGoBoolean(value) === undefined)
    return `strconv.ParseBool: parsing ${quoted}: invalid syntax`;
  if (key === driverOption.mtu && !/^[+-]?\d+$/.test(value))
    return `strconv.Atoi: parsing ${quoted}: invalid syntax`;
  if (addresses.includes(key) && isIP(value) === 0) return "nil ip";
  if (gatewayModes.includes(key) && !knownGatewayModes.includes(value))
    return `unknown gateway mode ${value}`;
  return undefined;
}

function refuseUndone(options: Readonly<Record<string, string>>): void {
  const [name] = [
    ...gatewayModes.filter((key) => !["", "nat"].includes(options[key] ?? "")),
    ...[`${bridge}.inhibit_ipv4`].filter((key) => parseGoBoolean(options[key] ?? "0") === true),
    ...[`${network}.host_ipv4`, `${network}.host_ipv6`].filter((key) => key in options),
  ];
  if (name !== undefined)
    throw new DvmError(
      "unsupported",
      `cannot create a network with option ${name}=${options[name]}: DVM does not do that`,
    );
}
