import { createSocket, type Socket as DatagramSocket } from "node:dgram";
import { createServer, type Server } from "node:net";
import { DvmError } from "../../../base/errors.ts";
import type { PublishedPort } from "../../machine.ts";
import type { FakeGuest } from "./fake-guest.ts";

/** Ports of the host that lead into a guest. */
export class FakePorts implements AsyncDisposable {
  readonly #open: (Server | DatagramSocket)[] = [];

  /** Opens all, or none and says which one can't be. */
  async publish(ports: readonly PublishedPort[], guest: FakeGuest): Promise<void> {
    const before = this.#open.length;
    try {
      for (const port of ports)
        this.#open.push(await (port.protocol === "tcp" ? openTcp : openUdp)(port, guest));
    } catch (error) {
      await Promise.all(this.#open.splice(before).map(close));
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#open.splice(0).map(close));
  }
}

function openTcp(port: PublishedPort, guest: FakeGuest): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((connection) => {
      connection.on("error", () => connection.destroy());
      guest.accept(connection, port.guestPort);
    });
    server.once("error", (cause) => reject(portError(port, cause)));
    const where = { host: port.hostAddress, port: port.hostPort, exclusive: true };
    server.listen({ ...where, ipv6Only: true }, () => resolve(server.unref()));
  });
}

function openUdp(port: PublishedPort, guest: FakeGuest): Promise<DatagramSocket> {
  return new Promise((resolve, reject) => {
    const type = port.hostAddress.includes(":") ? "udp6" : "udp4";
    const socket = createSocket({ type, ipv6Only: type === "udp6" });
    socket.once("error", (cause) => reject(portError(port, cause)));
    socket.on("message", (datagram, from) => {
      const answer = guest.receive(datagram, port.guestPort);
      if (answer !== undefined) socket.send(answer, from.port, from.address);
    });
    socket.bind({ address: port.hostAddress, port: port.hostPort, exclusive: true }, () =>
      resolve(socket.unref()),
    );
  });
}

function close(one: Server | DatagramSocket): Promise<void> {
  return new Promise((resolve) => {
    one.close(() => resolve());
  });
}

function portError({ protocol, hostAddress, hostPort }: PublishedPort, cause: Error): DvmError {
  const where = `${protocol}:${hostAddress}:${hostPort}`;
  return new DvmError("unavailable", `cannot publish a port: ${where} can't be opened`, { cause });
}
