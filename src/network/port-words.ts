import { isIPv6 } from "node:net";
import { DvmError } from "../base/errors.ts";
import type { HostPort } from "./host-ports.ts";

/* What Docker's bridge driver says of ports. */

/** Another container has it, at `address` maybe among others. */
export function allocated({ address, port }: Pick<HostPort, "address" | "port">): DvmError {
  return new DvmError(
    "unavailable",
    `Bind for ${address}:${port} failed: port is already allocated`,
  );
}

/** Somebody else has it, or the host doesn't let us; `target` is the container's address and port. */
export function notBound(wanted: HostPort, target: string, fault: string): DvmError {
  const { address, port, protocol } = wanted;
  const where = isIPv6(address) ? `[${address}]` : address;
  return new DvmError(
    "unavailable",
    `failed to bind host port for ${where}:${port}:${target}/${protocol}: ${faultWords[fault] ?? fault}`,
  );
}

const faultWords: Record<string, string> = {
  EADDRINUSE: "address already in use",
  EADDRNOTAVAIL: "cannot assign requested address",
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  EAFNOSUPPORT: "address family not supported by protocol",
};
