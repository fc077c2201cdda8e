import { DvmError } from "../../base/errors.ts";

const protocols = ["tcp", "udp", "sctp"];
const lastPort = 65_535;

/** Ports of one word of EXPOSE, as `80/tcp`: a range is all of them. */
export function exposedPorts(word: string): string[] {
  const [, ports = "", given = ""] = /^([^/]*)(?:\/(.*))?$/s.exec(word) ?? [];
  const protocol = (given === "" ? "tcp" : given).toLowerCase();
  const container = ports.includes(":") ? (ports.split(":").at(-1) ?? "") : ports;
  if (container === "") throw new DvmError("invalid", `No port specified: ${word}<empty>`);
  const [, first = "", last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(container) ?? [];
  const [from, to] = [Number(first), Number(last)];
  if (first === "" || from > lastPort || to > lastPort || to < from)
    throw new DvmError("invalid", `Invalid containerPort: ${container}`);
  if (!protocols.includes(protocol)) throw new DvmError("invalid", `Invalid proto: ${given}`);
  return Array.from({ length: to - from + 1 }, (_, at) => `${from + at}/${protocol}`);
}
