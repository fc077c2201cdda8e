import { DvmError } from "../../../base/errors.ts";
import type { NicSpec, PublishedPort } from "../../machine.ts";
import type { QmpConnection } from "./qmp.ts";

type UserNic = Extract<NicSpec, { kind: "user" }>;
type TapNic = Extract<NicSpec, { kind: "tap" }>;

/** The longest name of an interface, if_nameindex(3), without what QEMU's syntax would take apart. */
const interfacePattern = /^[^\s,/]{1,15}$/;

/** Below it the launcher has what it needs itself (switch/launcher.h). */
const firstTapDescriptor = 10;

/** Where ports of the host are opened to: the first card on a user-mode network. */
const publishingNet = "user0";

/** Cards in their order; the host's side of each is named by its kind and its number among these. */
export function cardArguments(nics: readonly NicSpec[]): string[] {
  return nics.flatMap((nic, index) => {
    const number = nics.slice(0, index).filter(({ kind }) => kind === nic.kind).length;
    const id = `${nic.kind}${number}`;
    // a clone has no peers that would want to know where it is now
    const device = `virtio-net-device,netdev=${id},mac=${nic.mac},guest_announce=off`;
    return [
      "-netdev",
      nic.kind === "user" ? userNet(nic, id) : tapNet(nic, id, nics),
      "-device",
      device,
    ];
  });
}

type Command = [program: string, ...words: string[]];

/** QEMU's command, behind a launcher where it gets interfaces from where it can't make them. */
export function launched(nics: readonly NicSpec[], command: Command): Command {
  const cards = handedOn(nics);
  const source = cards[0]?.source;
  if (source === undefined) return command;
  const taps = cards.map(({ interface: name }) => checkedName(name)).join(",");
  return [source.launcher, "run", source.descriptorSocket, taps, "--", ...command];
}

/** The cards whose interfaces come as descriptors, in their order. */
function handedOn(nics: readonly NicSpec[]): TapNic[] {
  return nics.flatMap((nic) => (nic.kind === "tap" && nic.source !== undefined ? [nic] : []));
}

function userNet({ network, publish }: UserNic, id: string): string {
  const { address, gateway, nameserver } = network;
  // what is forwarded goes to the first address that QEMU's DHCP would give
  const guest = address.replace(/\/.*$/, "");
  const places = `net=${address},host=${gateway},dns=${nameserver},dhcpstart=${guest}`;
  const forwards = publish.map((port) => `,hostfwd=${forward(port)}`).join("");
  return `user,id=${id},ipv6=off,${places}${forwards}`;
}

function tapNet(nic: TapNic, id: string, nics: readonly NicSpec[]): string {
  const name = checkedName(nic.interface);
  if (nic.source === undefined) return `tap,id=${id},ifname=${name},script=no,downscript=no`;
  return `tap,id=${id},fd=${firstTapDescriptor + handedOn(nics).indexOf(nic)}`;
}

function checkedName(name: string): string {
  if (interfacePattern.test(name)) return name;
  throw new DvmError("invalid", `cannot use interface ${JSON.stringify(name)}`);
}

/** Opens ports of the host to a machine that runs. */
export async function publishPorts(
  control: QmpConnection,
  ports: readonly PublishedPort[],
): Promise<void> {
  for (const port of ports) {
    const command = `hostfwd_add ${publishingNet} ${forward(port)}`;
    // QMP has no command of its own for it; an empty answer is success
    const answer = await control.execute("human-monitor-command", { "command-line": command });
    if (answer !== "")
      throw new DvmError("unavailable", `cannot publish a port: ${String(answer).trim()}`);
  }
}

/** A rule of QEMU's user-mode network. */
function forward(port: PublishedPort): string {
  const host = port.hostAddress === "0.0.0.0" || port.hostAddress === "::" ? "" : port.hostAddress;
  if (host.includes(":")) {
    throw new DvmError("unsupported", `cannot publish on ${host}: only IPv4 host addresses work`);
  }
  return `${port.protocol}:${host}:${port.hostPort}-:${port.guestPort}`;
}
