import type { Answer } from "./answer.ts";
import type { ComparedEngine } from "./engine.ts";
import { Session } from "./session.ts";
import { health, restarts, shared, versions } from "./topics/again.ts";
import { fields, refusals } from "./topics/create.ts";
import { endpoints } from "./topics/endpoints.ts";
import { events } from "./topics/events.ts";
import { files } from "./topics/files.ts";
import { images, imagesInUse } from "./topics/images.ts";
import { ends, life, nobody, update } from "./topics/life.ts";
import { networks } from "./topics/networks.ts";
import { ownNetworks } from "./topics/own-networks.ts";
import { execs, outputs } from "./topics/streams.ts";
import { off, system } from "./topics/system.ts";
import { volumes } from "./topics/volumes.ts";

const topics = {
  ...{ system, off, images, refusals, fields, life, nobody, ends, update },
  ...{ restarts, health, shared, versions },
  ...{ execs, outputs, files, volumes, networks, ownNetworks, endpoints, events, imagesInUse },
};

export interface Walk {
  answers: Map<string, Answer>;
  /** Topics that were not walked to their end, and why. */
  brokenOff: Map<string, unknown>;
}

/** Asks an engine everything, in the same order as any other; `say` is told how it goes. */
export async function runSession(
  engine: ComparedEngine,
  { only, say }: { only: readonly string[]; say: (text: string) => void },
): Promise<Walk> {
  const session = new Session(engine);
  const brokenOff = new Map<string, unknown>();
  for (const [name, topic] of Object.entries(topics)) {
    if (only.length > 0 && !only.includes(name) && name !== "images") continue;
    const start = performance.now();
    const before = session.answers.size;
    await topic(session).catch((error: unknown) => brokenOff.set(name, error));
    await session.tidy();
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    say(`${engine.name}: ${name}, ${session.answers.size - before} answers in ${seconds} s`);
  }
  return { answers: session.answers, brokenOff };
}
