import { chmod } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Socket } from "node:net";
import type { GivenSettings } from "../../daemon/given-settings.ts";
import { parseListenAddress, type ListenAddress } from "../../daemon/listen-address.ts";
import { listenAt, type Listener, type ListenOptions } from "../../daemon/listener.ts";
import { groupId, userId } from "../../daemon/user-names.ts";
import { activatedDescriptors } from "../../daemon/systemd.ts";
import { readTls, tlsWish } from "../../daemon/tls-settings.ts";

const ownMode = 0o600;

export interface Access {
  settings: GivenSettings;
  environment: Record<string, string | undefined>;
  /** Listened at when no hosts are given. */
  socketPath: string;
  /** In any case. */
  alsoSocket: boolean;
}

/** How connections are taken, by settings; faults of certificates, users and groups show here. */
export async function listenOptions({
  settings,
  environment,
}: Access): Promise<Omit<ListenOptions, "accept">> {
  const group = settings.text("group");
  const owner = settings.text("socket-owner");
  const mode = settings.text("socket-mode");
  const home = environment["HOME"] ?? "/";
  return {
    owner: {
      mode: mode === undefined ? (group === undefined ? ownMode : 0o660) : Number.parseInt(mode, 8),
      uid: owner === undefined ? undefined : await userId(owner),
      gid: group === undefined ? undefined : await groupId(group),
    },
    wish: tlsWish(settings),
    tls: await readTls(settings, environment["DOCKER_CERT_PATH"] ?? join(home, ".docker")),
    descriptors: activatedDescriptors(environment, process),
  };
}

/** The addresses that settings ask for, each once. */
export function listenAddresses({ settings, socketPath, alsoSocket }: Access): ListenAddress[] {
  const tls = tlsWish(settings).wanted;
  const hosts = settings.list("hosts");
  const own: ListenAddress = { kind: "unix", path: socketPath };
  const given = hosts.map((host) => parseListenAddress(host, { tls, socketPath }));
  const all = given.length === 0 || alsoSocket ? [...given, own] : given;
  const seen = new Set<string>();
  return all.filter((address) => {
    const key = JSON.stringify(address);
    return !seen.has(key) && seen.add(key);
  });
}

/** Listens wherever it is asked for; all or nothing. */
export async function openListeners(
  { addresses, runRoot }: { addresses: readonly ListenAddress[]; runRoot: string },
  options: Omit<ListenOptions, "accept">,
  accept: (socket: Socket) => void,
): Promise<Listener[]> {
  const opened: Listener[] = [];
  if (options.owner.mode !== ownMode) await letReach(addresses, runRoot);
  try {
    for (const address of addresses)
      opened.push(...(await listenAt(address, { ...options, accept })));
  } catch (error) {
    await Promise.all(opened.map((listener) => listener[Symbol.asyncDispose]()));
    throw error;
  }
  return opened;
}

/** A socket that others may use is of no use to them in a folder that they can't enter. */
async function letReach(addresses: readonly ListenAddress[], runRoot: string): Promise<void> {
  const isInside = addresses.some((one) => one.kind === "unix" && dirname(one.path) === runRoot);
  if (isInside) await chmod(runRoot, 0o711);
}
