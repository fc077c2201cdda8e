import { DvmError } from "../../base/errors.ts";
import type { EngineClient } from "../../client/engine-client.ts";
import type { JsonObject } from "../../client/json.ts";
import type { Command } from "../command.ts";
import { inspectFormatFlag, printInspected } from "../output/print-inspected.ts";

const kinds = ["container", "image", "volume"] as const;
type Kind = (typeof kinds)[number];

export const command: Command = {
  name: "inspect",
  usage: "[OPTIONS] NAME|ID [NAME|ID...]",
  summary: "Return low-level information on DVM objects",
  flags: [
    inspectFormatFlag,
    {
      name: "type",
      kind: "text",
      summary: "Only inspect objects of the given type: container, image, volume",
      check: kindOf,
    },
  ],
  arguments: { min: 1 },
  run({ flags, positionals }, context) {
    const type = flags.text("type");
    const wanted = type === undefined || type === "" ? kinds : [kindOf(type)];
    return printInspected(context, {
      names: positionals,
      format: flags.text("format"),
      inspect: (name) => inspectAny(context.client, name, wanted),
    });
  },
};

function kindOf(type: string): Kind {
  const kind = kinds.find((one) => one === type);
  if (kind !== undefined) return kind;
  throw new DvmError("invalid", `"${type}" is none of ${kinds.join(", ")}`);
}

async function inspectAny(
  client: EngineClient,
  name: string,
  wanted: readonly Kind[],
): Promise<JsonObject> {
  for (const kind of wanted)
    try {
      return await inspectOne(client, kind, name);
    } catch (error) {
      const isMissing = error instanceof DvmError && error.code === "not-found";
      if (!isMissing || wanted.length === 1) throw error;
    }
  throw new DvmError("not-found", `Error: No such object: ${name}`);
}

function inspectOne(client: EngineClient, kind: Kind, name: string): Promise<JsonObject> {
  switch (kind) {
    case "container":
      return client.containers.inspect(name);
    case "image":
      return client.images.inspect(name);
    case "volume":
      return client.volumes.inspect(name);
  }
}
