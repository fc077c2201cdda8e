import { DvmError } from "../base/errors.ts";

/** Ports that a filter asks for: `80`, `80-90/tcp`. */
export interface PortRange {
  first: number;
  last: number;
  protocol: string;
}

const mostPort = 65_535;

/** `name`: of the filter, for Docker's words about a value that is none. */
export function portRange(name: string, value: string): PortRange {
  if (value.includes(":"))
    throw new DvmError("unclassified", `filter for '${name}' should not contain ':': ${value}`);
  const [ports = "", protocol = "tcp"] = value.split("/");
  const [first = "", last = first] = ports.split("-");
  const refuse = (why: string) =>
    new DvmError("unclassified", `error while looking up for ${name} ${value}: ${why}`);
  if (ports === "") throw refuse("empty string specified for ports");
  for (const text of [first, last]) {
    const parsing = `strconv.ParseUint: parsing ${JSON.stringify(text)}`;
    if (!/^\d+$/.test(text)) throw refuse(`${parsing}: invalid syntax`);
    if (Number(text) > mostPort) throw refuse(`${parsing}: value out of range`);
  }
  if (Number(last) < Number(first)) throw refuse(`Invalid range specified for the Port: ${ports}`);
  return { first: Number(first), last: Number(last), protocol };
}

export function isInRange(
  { first, last, protocol }: PortRange,
  port: number | undefined,
  ofProtocol: string,
): boolean {
  return port !== undefined && port >= first && port <= last && ofProtocol === protocol;
}
