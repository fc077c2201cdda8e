import { isIP } from "node:net";
import { DvmError } from "../../../base/errors.ts";
import { type DockerRequest, type HostConfig, sharingContainer } from "../../records.ts";

/** What is asked of names and ports. */
export function checkNetwork({ hostConfig }: DockerRequest): void {
  for (const host of hostConfig.ExtraHosts ?? []) checkExtraHost(host);
  checkPortBindings(hostConfig.PortBindings ?? {});
  if (hostConfig.NetworkMode === "host")
    throw new DvmError(
      "unsupported",
      "cannot use the host's network: a container has a machine of its own, with a network of its own",
      { hint: "ports can be published with -p" },
    );
}

/** What goes together, in Docker's words (runconfig). */
export function checkNetworkMode({ config, hostConfig }: DockerRequest): void {
  const { NetworkMode, UTSMode } = hostConfig;
  if (NetworkMode === "container:" || NetworkMode === "container")
    throw new DvmError(
      "invalid",
      "invalid network mode: invalid container format container:<name|id>",
    );
  const clash =
    sharingContainer(NetworkMode) === undefined ? undefined : clashing({ config, hostConfig });
  if (clash !== undefined) throw conflict(clash);
  if (UTSMode === "host" && config.Hostname !== "") throw conflict("hostname and the UTS mode");
  if (NetworkMode === "host" && (hostConfig.Links ?? []).length > 0)
    throw conflict(withoutLinks("host type networking"));
}

function conflict(what: string): DvmError {
  return new DvmError("invalid", `conflicting options: ${what}`);
}

function withoutLinks(network: string): string {
  return `${network} can't be used with links. This would result in undefined behavior`;
}

/** What only the other container of `--network container:NAME` can have. */
function clashing({
  config,
  hostConfig,
}: Pick<DockerRequest, "config" | "hostConfig">): string | undefined {
  const clashes: [boolean, string][] = [
    [config.Hostname !== "", "hostname and the network mode"],
    [(hostConfig.Links ?? []).length > 0, withoutLinks("container type network")],
    [(hostConfig.Dns ?? []).length > 0, "dns and the network mode"],
    [(hostConfig.ExtraHosts ?? []).length > 0, "custom host-to-IP mapping and the network mode"],
    [publishes(hostConfig), "port publishing and the container type network mode"],
    [
      Object.keys(config.ExposedPorts).length > 0,
      "port exposing and the container type network mode",
    ],
    [(hostConfig.Dvm.Room ?? 0) > 0, "room and the container type network mode"],
  ];
  return clashes.find(([isClash]) => isClash)?.[1];
}

function publishes({ PortBindings, PublishAllPorts }: HostConfig): boolean {
  return Object.keys(PortBindings ?? {}).length > 0 || PublishAllPorts;
}

/** `NAME:ADDRESS`; an address of IPv6 has more colons. */
function checkExtraHost(entry: string): void {
  const colon = entry.indexOf(":");
  if (colon < 1) throw new DvmError("invalid", `bad format for add-host: ${JSON.stringify(entry)}`);
  const address = entry.slice(colon + 1);
  if (address !== "host-gateway" && isIP(address) === 0)
    throw new DvmError("invalid", `invalid IP address in add-host: ${JSON.stringify(address)}`);
}

/** Numbers only; what cannot be published is seen when ports are. */
function checkPortBindings(bindings: NonNullable<HostConfig["PortBindings"]>): void {
  for (const [key, list] of Object.entries(bindings)) {
    const [port = ""] = key.split("/");
    if (!isPort(port)) throw badPort(port);
    for (const { HostPort } of list ?? []) {
      const ends = HostPort === "" ? [] : HostPort.split("-");
      if (ends.length > 2 || !ends.every(isPort) || Number(ends[0]) > Number(ends.at(-1)))
        throw badPort(HostPort);
    }
  }
}

function isPort(text: string): boolean {
  return text === "" || (/^\d+$/.test(text) && Number(text) <= 65_535);
}

function badPort(text: string): DvmError {
  return new DvmError("invalid", `invalid port specification: ${JSON.stringify(text)}`);
}
