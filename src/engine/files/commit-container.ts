import type { AgentClient } from "../../agent/agent-client.ts";
import { readFiles } from "../../agent/guest-files.ts";
import { scratchBytes } from "../../storage/scratch.ts";
import { committedConfig, type ConfigOverrides } from "./committed-config.ts";
import type { Engine } from "../core.ts";
import { layerTar } from "./tree-tar.ts";
import { type ContainerRecord, healthUnchecked } from "../records.ts";
import { withAgent } from "./with-agent.ts";

export interface CommitRequest {
  /** What to call the image; undefined leaves it without a name. */
  reference: string | undefined;
  author: string;
  comment: string;
  /** The container's processes stand still meanwhile. */
  pause: boolean;
  /** Dockerfile instructions. */
  changes: readonly string[];
  overrides: ConfigOverrides | undefined;
  signal: AbortSignal;
}

/** Makes an image of what a container changed, on top of its own. Gives the image's id. */
export async function commitContainer(
  engine: Engine,
  container: string,
  request: CommitRequest,
): Promise<string> {
  const { reference, pause, signal } = request;
  return withAgent(engine, container, { writes: false, alone: true }, async (agent, record) => {
    const { images } = engine.parts;
    const parent = images.findHeld(record.run.imageId);
    const created = new Date().toISOString();
    const commit = { ...request, config: record.request.config, created };
    const isFrozen = record.state.kind === "running" && pause;
    if (isFrozen) await freeze(engine, agent, record);
    try {
      const entries = await readFiles(
        { agent, container: record.id },
        { operation: "layer" },
        signal,
      );
      const { id } = await images.commit({
        parent: parent.id,
        layer: layerTar(entries, scratchBytes),
        config: (diffIds, isEmpty) =>
          committedConfig(parent.rawConfig, { ...commit, isEmpty }, diffIds),
        reference,
        signal,
      });
      const name = reference === undefined ? {} : { imageRef: reference };
      if (reference !== undefined)
        engine.events.emit("image", "tag", id, {
          ...images.find(id).config.labels,
          name: reference,
        });
      engine.announce("commit", record, { comment: request.comment, imageID: id, ...name });
      return id;
    } finally {
      if (isFrozen) {
        await agent.thaw(record.id);
        engine.announce("unpause", record);
      }
    }
  });
}

/** As Docker tells it, the container is paused for so long, and its health not checked. */
async function freeze(engine: Engine, agent: AgentClient, record: ContainerRecord): Promise<void> {
  await agent.freeze(record.id);
  engine.containers.recall(record.id, healthUnchecked(record.health));
  engine.announce("pause", record);
}
