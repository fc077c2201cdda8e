import { isIP } from "node:net";
import { DvmError } from "../../base/errors.ts";

/* What docker's CLI says of values before it asks its daemon. */

const label = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
const domain = new RegExp(`^${label}(?:\\.${label})*\\.?$`);
const maximumDomainLength = 254;
const hostGateway = "host-gateway";

/** IPv4 or IPv6, without a zone. */
export function isAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes("%");
}

/** `--dns`. */
export function checkAddress(text: string): void {
  if (!isAddress(text.trim())) throw invalid(`IP address is not correctly formatted: ${text}`);
}

/** `--dns-search`; a dot alone stands for none. */
export function checkSearchDomain(text: string): void {
  const name = text.trim();
  const isDomain = domain.test(name) && /[a-zA-Z]/.test(name) && name.length <= maximumDomainLength;
  if (name !== "." && !isDomain) throw invalid(`${text} is not a valid domain`);
}

/** `--add-host NAME:ADDRESS` or `NAME=ADDRESS`, the address also in brackets → `NAME:ADDRESS`. */
export function readExtraHost(setting: string): string {
  const [, name, given = ""] = /^([^=:]+)[=:](.*)$/.exec(setting) ?? [];
  if (name === undefined) throw invalid(`bad format for add-host: ${JSON.stringify(setting)}`);
  const address = /^\[(.*)\]$/.exec(given)?.[1] ?? given;
  if (address !== hostGateway && !isAddress(address))
    throw invalid(`invalid IP address in add-host: ${JSON.stringify(address)}`);
  return `${name}:${address}`;
}

/** `--label NAME[=VALUE]`. */
export function checkLabel(setting: string): void {
  const [name = ""] = setting.trimStart().split("=");
  if (name === "") throw invalid(`invalid label '${setting}': empty name`);
  if (/\s/.test(name)) throw invalid(`label '${name}' contains whitespaces`);
}

/** `--sysctl NAME=VALUE`. Which may be set is not asked: the kernel is the container's own. */
export function checkSysctl(setting: string): void {
  if (!/^[^=\s]+=/.test(setting)) throw invalid(`sysctl '${setting}' is not allowed`);
}

function invalid(message: string): DvmError {
  return new DvmError("invalid", message);
}
