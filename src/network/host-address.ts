import { networkInterfaces } from "node:os";

/** An address by which this host is reached, by itself and by its machines; the loopback's if it has no other. */
export function hostAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((of) => of ?? []);
  const outer = addresses.find(({ family, internal }) => family === "IPv4" && !internal);
  return outer?.address ?? "127.0.0.1";
}
