import { DvmError } from "../../base/errors.ts";
import type { Engine } from "../core.ts";
import type { MountSources } from "./mounts.ts";
import type { ContainerRecord, Mount } from "../records.ts";

/** What new containers may mount of what there is. */
export function mountSources(engine: Engine): MountSources {
  return {
    findImage: (name) => engine.parts.images.find(name).id,
    mountsOf: (container) => sharedMounts(findOther(engine, container)),
  };
}

function findOther(engine: Engine, container: string): ContainerRecord {
  if (container === "") throw new DvmError("invalid", 'invalid name or ID supplied: ""');
  try {
    return engine.containers.find(container);
  } catch (error) {
    // of what create is told, it's the caller who is wrong
    if (!(error instanceof DvmError) || error.code !== "not-found") throw error;
    throw new DvmError("invalid", error.message);
  }
}

function sharedMounts({ run, request }: ContainerRecord): Mount[] {
  const tmpfs = request.hostConfig.Tmpfs ?? {};
  return run.mounts.filter(
    ({ kind, target, mode }) => kind !== "tmpfs" || mode !== undefined || !(target in tmpfs),
  );
}
