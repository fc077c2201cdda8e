import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { chmod, chown, mkdir, rm } from "node:fs/promises";
import { createServer, isIP, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { DvmError, systemErrorCode } from "../base/errors.ts";
import { describeAddress, hostAndPort, type ListenAddress } from "./listen-address.ts";
import type { TlsSettings, TlsWish } from "./tls-settings.ts";

/** Who may use a unix socket. */
export interface SocketOwner {
  mode: number;
  uid: number | undefined;
  gid: number | undefined;
}

export interface ListenOptions {
  /** Takes each connection that may speak to the API. */
  accept: (socket: Socket) => void;
  owner: SocketOwner;
  tls: TlsSettings | undefined;
  wish: TlsWish;
  /** Descriptors that the daemon was started with. */
  descriptors: readonly number[];
}

/** A place where connections are taken until it is let go. */
export interface Listener extends AsyncDisposable {
  /** As `unix:///run/dvm.sock`, `tcp://127.0.0.1:2376`. */
  address: string;
  /** What must be said out loud. */
  warning: string | undefined;
}

/** Listens at `address`. TCP without certificates is refused, but for what says so on loopback. */
export async function listenAt(
  address: ListenAddress,
  options: ListenOptions,
): Promise<Listener[]> {
  if (address.kind === "unix") return [await listenAtPath(address.path, options)];
  if (address.kind === "tcp") return [await listenAtPort(address, options)];
  const found = chosenDescriptors(address.descriptor, options.descriptors);
  const listeners: Listener[] = [];
  for (const descriptor of found) listeners.push(await listenByDescriptor(descriptor, options));
  return listeners;
}

async function listenAtPath(path: string, { accept, owner }: ListenOptions): Promise<Listener> {
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  await rm(path, { force: true });
  const server = createServer({ allowHalfOpen: true }, accept);
  const mask = process.umask(0o177);
  try {
    await listening(server, `unix://${path}`, { path });
  } finally {
    process.umask(mask);
  }
  try {
    if (owner.uid !== undefined || owner.gid !== undefined)
      await chown(path, owner.uid ?? process.getuid?.() ?? 0, owner.gid ?? process.getgid?.() ?? 0);
    await chmod(path, owner.mode);
  } catch (cause) {
    server.close();
    throw new DvmError(
      "unavailable",
      `can't create unix socket ${path}: chown: ${systemErrorCode(cause)}`,
      { cause },
    );
  }
  return opened(server, `unix://${path}`, undefined);
}

async function listenAtPort(
  { host, port }: { host: string; port: number },
  options: ListenOptions,
): Promise<Listener> {
  const text = `tcp://${hostAndPort({ host, port })}`;
  const address = isIP(host) === 0 ? (await lookup(host)).address : host;
  requireSafe(text, address, options);
  const server = networkServer(options);
  await listening(server, text, { host: address, port });
  return opened(server, text, warningOf(text, options));
}

/** A socket of systemd's: its rights are systemd's to set, where it is one of files. */
async function listenByDescriptor(descriptor: number, options: ListenOptions): Promise<Listener> {
  const text = `fd://${descriptor}`;
  const probe = createServer({ allowHalfOpen: true }, (socket) => route(socket));
  let route: (socket: Socket) => void = options.accept;
  await listening(probe, text, { fd: descriptor });
  const bound = probe.address();
  if (bound === null || typeof bound === "string") return opened(probe, text, undefined);
  const address = describeAddress({ kind: "tcp", host: bound.address, port: bound.port });
  try {
    requireSafe(address, bound.address, options);
  } catch (error) {
    probe.close();
    throw error;
  }
  const server = networkServer(options);
  route = (socket) => server.emit("connection", socket);
  return opened(probe, address, warningOf(address, options));
}

/** With certificates, or bare. */
function networkServer({ tls, accept }: ListenOptions): Server {
  if (tls === undefined) return createServer({ allowHalfOpen: true, noDelay: true }, accept);
  const server = createTlsServer(
    {
      ...{ cert: tls.cert, key: tls.key, minVersion: "TLSv1.2", ALPNProtocols: ["http/1.1"] },
      ...(tls.ca === undefined ? {} : { ca: tls.ca, requestCert: true, rejectUnauthorized: true }),
      ...{ allowHalfOpen: true, noDelay: true },
    },
    accept,
  );
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  return server;
}

function requireSafe(text: string, address: string, { tls, wish }: ListenOptions): void {
  if (tls?.ca !== undefined) return;
  const isLoopback = address === "::1" || address.startsWith("127.");
  if (!isLoopback)
    throw new DvmError(
      "forbidden",
      `cannot listen at ${text}: whoever reaches it would have all rights of the daemon`,
      { hint: "use --tlsverify with --tlscacert, --tlscert and --tlskey, or ssh://" },
    );
  if (!wish.declined)
    throw new DvmError("forbidden", `cannot listen at ${text} without --tlsverify`, {
      hint: '--tls=false ("tls": false) asks for a port of this host\'s without TLS',
    });
}

const attackSurface =
  "Access to the remote API is equivalent to root access on the host. Refer to the 'Docker daemon attack surface' section in the documentation for more information: https://docs.docker.com/go/attack-surface/";

function warningOf(text: string, { tls }: ListenOptions): string | undefined {
  if (tls?.ca !== undefined) return undefined;
  const address = text.slice("tcp://".length);
  return tls === undefined
    ? `API is accessible on http://${address} without encryption. ${attackSurface}`
    : `API is accessible on https://${address} without TLS client verification. ${attackSurface}`;
}

function chosenDescriptors(
  wanted: number | undefined,
  descriptors: readonly number[],
): readonly number[] {
  if (descriptors.length === 0)
    throw new DvmError(
      "unavailable",
      "no sockets found via socket activation: make sure the service was started by systemd",
    );
  if (wanted === undefined) return descriptors;
  if (!descriptors.includes(wanted))
    throw new DvmError("unavailable", "too few socket activated files passed in by systemd");
  return [wanted];
}

async function listening(
  server: Server,
  text: string,
  where: { path: string } | { host: string; port: number } | { fd: number },
): Promise<void> {
  server.listen(where);
  try {
    await once(server, "listening");
  } catch (cause) {
    throw new DvmError(
      "unavailable",
      `cannot listen at ${text}: ${systemErrorCode(cause) ?? "it fails"}`,
      { cause },
    );
  }
}

function opened(server: Server, address: string, warning: string | undefined): Listener {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  return {
    address,
    warning,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
