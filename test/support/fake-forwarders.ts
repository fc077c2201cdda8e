import { createSocket, type Socket as DatagramSocket } from "node:dgram";
import { createServer, type Server } from "node:net";
import { systemErrorCode } from "../../src/base/errors.ts";
import type { Forwarding, SwitchedPort, SwitchPlace } from "../../src/network/forwarder.ts";

interface Owned {
  place: SwitchPlace | undefined;
  open: { port: SwitchedPort; socket: Server | DatagramSocket }[];
}

/**
 * Forwarders of fake machines, each known by its machine's folder. A port that is published says to
 * who connects where it would lead: `172.17.0.2/16 port 80`.
 */
export class FakeForwarders {
  readonly #all = new Map<string, Map<string, Owned>>();

  of(folder: string): Forwarding {
    const owned = (owner: string): Owned => {
      const owners = this.#all.get(folder) ?? new Map<string, Owned>();
      this.#all.set(folder, owners);
      const known = owners.get(owner) ?? { place: undefined, open: [] };
      owners.set(owner, known);
      return known;
    };
    const withdraw = async (owner: string) => {
      if (this.#all.get(folder)?.has(owner) === true)
        await Promise.all(
          owned(owner)
            .open.splice(0)
            .map(({ socket }) => closed(socket)),
        );
    };
    return {
      listen: async () => "ENOTSUP",
      grant: async () => {},
      lead: async (owner, place) => void (owned(owner).place = place),
      publish: (owner, port) => publish(owned(owner), port),
      withdraw,
      release: withdraw,
      takeUp: async () => {},
      end: async () => {
        for (const owner of this.#all.get(folder)?.keys() ?? []) await withdraw(owner);
        this.#all.delete(folder);
      },
    };
  }

  /** As one that was killed: its ports are closed. */
  async kill(): Promise<void> {
    for (const folder of this.#all.keys()) await this.of(folder).end();
  }

  /** Where what an owner has published leads. */
  placeOf(owner: string): SwitchPlace | undefined {
    for (const owners of this.#all.values()) if (owners.has(owner)) return owners.get(owner)?.place;
    return undefined;
  }
}

async function publish(owned: Owned, port: SwitchedPort): Promise<string | undefined> {
  try {
    const socket = await (port.protocol === "tcp" ? listening(owned, port) : bound(port));
    owned.open.push({ port, socket });
    return undefined;
  } catch (error) {
    return systemErrorCode(error) ?? "EINVAL";
  }
}

function listening(owned: Owned, { address, port, guestPort }: SwitchedPort): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((connection) => {
      connection.on("error", () => {});
      connection.end(`${owned.place?.ipv4} port ${guestPort}\n`);
    });
    server.once("error", reject);
    const where = { host: address, port, exclusive: true, ipv6Only: true };
    server.listen(where, () => resolve(server.unref()));
  });
}

function bound({ address, port }: SwitchedPort): Promise<DatagramSocket> {
  return new Promise((resolve, reject) => {
    const type = address.includes(":") ? "udp6" : "udp4";
    const socket = createSocket({ type, ipv6Only: type === "udp6" });
    socket.once("error", reject);
    socket.bind({ address, port, exclusive: true }, () => resolve(socket.unref()));
  });
}

function closed(socket: Server | DatagramSocket): Promise<void> {
  return new Promise((resolve) => {
    socket.close(() => resolve());
  });
}
