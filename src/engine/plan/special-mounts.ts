import { DvmError } from "../../base/errors.ts";
import type { Hypervisor } from "../../machine/machine.ts";
import type { Mount } from "../records.ts";
import { checkBindSource } from "./bind-source.ts";

/** A bind of what is no file or folder, as the agent is told of it. */
export interface SpecialMount {
  mount: Mount;
  kind: "socket" | "device";
  options: string;
  /** Of a socket: by which the guest names it. */
  name: string;
}

/** Undefined for a mount of files. `name`: no other of the machine's has it. */
export async function specialMount(mount: Mount, name: string): Promise<SpecialMount | undefined> {
  if (mount.kind !== "bind") return undefined;
  const source = await checkBindSource(mount);
  if (source.kind === "device") return { mount, kind: "device", options: source.name, name };
  if (source.kind !== "socket") return undefined;
  const { mode, uid, gid } = source;
  return { mount, kind: "socket", options: `${mode.toString(8)},${uid},${gid},${name}`, name };
}

/** Fails with `unsupported` where a driver's machines can't reach a socket of the host. */
export function requireConnections(
  { name, capabilities }: Pick<Hypervisor, "name" | "capabilities">,
  { kind, mount }: SpecialMount,
): void {
  if (kind !== "socket" || capabilities.connections) return;
  throw new DvmError(
    "unsupported",
    `cannot bind socket ${mount.source}: the hypervisor ${name} carries no connections`,
  );
}
