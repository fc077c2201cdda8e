import { z } from "zod";
import { DvmError } from "../base/errors.ts";
import type { Engine } from "../engine/core.ts";
import { nameFromParts } from "./name-from-parts.ts";
import { parse, textParameter } from "./query.ts";

/** Gives an image a name. False: none was asked for, which Docker lets pass. */
export function tagImage(engine: Engine, source: string, query: unknown): boolean {
  const { images } = engine.parts;
  const { repo, tag } = parse(
    z.object({ repo: textParameter, tag: textParameter }),
    query,
    "query",
  );
  const target = nameFromParts(repo, tag);
  if (target === undefined) return false;
  if (target.replace(/:.*$/, "") === "sha256")
    throw new DvmError(
      "invalid",
      "refusing to create an ambiguous tag using digest algorithm as name",
    );
  images.tag(source, target);
  engine.events.emit("image", "tag", images.find(target).id, { name: target });
  return true;
}
