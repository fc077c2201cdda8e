import { isIPv4, isIPv6, SocketAddress } from "node:net";
import { DvmError } from "../../base/errors.ts";
import type { HostConfig, RequestedPort } from "../records.ts";

const everyAddress = "0.0.0.0";

/**
 * What is to be published, from the API's `PortBindings` and `PublishAllPorts`. As in Docker only
 * ports that are exposed are, each under the name by which it is.
 */
export function requestedPorts(
  { PortBindings, PublishAllPorts }: HostConfig,
  exposed: readonly string[],
): RequestedPort[] {
  return exposed.flatMap((key) => {
    const bindings = PortBindings?.[key] ?? [];
    const wanted =
      bindings.length === 0 && PublishAllPorts ? [{ HostIp: "", HostPort: "" }] : bindings;
    return wanted.map(({ HostIp, HostPort }) => ({
      ...parsePortKey(key),
      ...addressOf(HostIp),
      ...parseHostPort(HostPort),
    }));
  });
}

/** A port as `80/tcp`; what can't be read of it is 0, or empty, as for Docker. */
export function parsePortKey(key: string): { containerPort: number; protocol: string } {
  const [number = "", protocol = "tcp"] = key.split("/");
  const port = /^\d{1,5}$/.test(number) ? Number(number) : 0;
  return { containerPort: port, protocol: key === "" ? "" : protocol.toLowerCase() };
}

/** What is no address stands for all, too. */
function addressOf(given: string): Pick<RequestedPort, "hostAddress" | "ofBothFamilies"> {
  if (isIPv4(given)) return { hostAddress: given };
  if (!isIPv6(given)) return { hostAddress: everyAddress, ofBothFamilies: true };
  return { hostAddress: new SocketAddress({ address: given, family: "ipv6" }).address };
}

/** One, a range as `8000-8010` to choose from, or none: any. */
function parseHostPort(text: string): Pick<RequestedPort, "hostPort" | "lastHostPort"> {
  const [first = "", last, ...more] = (text === "" ? "0" : text).split("-");
  const hostPort = parsePort(first, text);
  if (last === undefined) return { hostPort };
  const lastHostPort = parsePort(last, text);
  if (more.length > 0 || lastHostPort < hostPort) throw badPort(text);
  return { hostPort, lastHostPort };
}

function parsePort(text: string, whole: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  if (port < 0 || port > 65_535) throw badPort(whole);
  return port;
}

function badPort(text: string): DvmError {
  return new DvmError("invalid", `invalid port specification: "${text}"`);
}
