import { setTimeout as delay } from "node:timers/promises";
import { DvmError } from "../../base/errors.ts";
import { stopContainer } from "../../engine/containers.ts";
import type { Engine } from "../../engine/core.ts";

/** Stops all containers, which have as long as the daemon may take to end. */
export async function endContainers(engine: Engine): Promise<void> {
  const { shutdownTimeoutSeconds: seconds } = engine.parts.settings();
  const running = engine.containers.list().filter(({ state }) => "run" in state);
  const stopped = Promise.all(running.map(({ id }) => stopOne(engine, id)));
  if (seconds < 0) await stopped;
  else await Promise.race([stopped, delay(seconds * 1000, undefined, { ref: false })]);
}

async function stopOne(engine: Engine, id: string): Promise<void> {
  try {
    await stopContainer(engine, id, {});
  } catch (error) {
    if (error instanceof DvmError && error.code === "not-modified") return;
    engine.parts.log(`cannot stop container ${id}: ${String(error)}`);
  }
}
