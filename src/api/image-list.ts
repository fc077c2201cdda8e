import { z } from "zod";
import type { Engine, Image } from "../engine/core.ts";
import {
  hasNoneOf,
  isBefore,
  isTrue,
  matchesLabels,
  parse,
  parseFilters,
  textParameter,
} from "./query.ts";

type Match = (image: Image, values: string[], engine: Engine) => boolean;

const filterMatches: Record<string, Match> = {
  reference: (image, values) => matchingNames(image, values).length > 0,
  dangling: ({ references, digests }, values) =>
    isTrue(values) === (references.length === 0 && digests.length === 0),
  label: ({ config }, values) => matchesLabels(config.labels, values),
  "label!": ({ config }, values) => hasNoneOf(config.labels, values),
  id: ({ id }, values) =>
    values.some((value) => id.startsWith(value) || id.startsWith(`sha256:${value}`)),
  before: ({ createdAt }, values, { parts }) =>
    values.every((value) => Date.parse(createdAt) < Date.parse(parts.images.find(value).createdAt)),
  since: ({ createdAt }, values, { parts }) =>
    values.every((value) => Date.parse(createdAt) > Date.parse(parts.images.find(value).createdAt)),
  until: ({ createdAt }, values) => isBefore(createdAt, values),
};

/** Whether an image passes filters of these names. */
export function matchesFilters(
  engine: Engine,
  image: Image,
  filters: ReadonlyMap<string, string[]>,
): boolean {
  return [...filters].every(
    ([name, values]) => filterMatches[name]?.(image, values, engine) ?? false,
  );
}

/** `GET /images/json`; of names only those that a `reference` filter wants. */
export function listImages(engine: Engine, query: unknown) {
  const { filters: text } = parse(z.object({ filters: textParameter }), query, "query");
  const filters = parseFilters(text, Object.keys(filterMatches));
  return engine.parts.images
    .list()
    .filter((image) => matchesFilters(engine, image, filters))
    .map((image) => summarizeImage(engine, image, filters.get("reference")));
}

function matchingNames({ references, digests }: Image, globs: readonly string[]): string[] {
  return [...references, ...digests].filter((name) =>
    globs.some((glob) => matchesGlob(name, glob)),
  );
}

function matchesGlob(name: string, glob: string): boolean {
  const pattern = glob
    .replace(/[.+^${}()|\\]/g, "\\$&")
    .replaceAll("*", "[^/]*")
    .replaceAll("?", "[^/]");
  const expression = new RegExp(`^${pattern}$`);
  return expression.test(name) || expression.test(name.replace(/:[^:/]*$|@.*$/, ""));
}

export function summarizeImage(engine: Engine, image: Image, globs?: readonly string[]) {
  const shown = globs === undefined ? undefined : matchingNames(image, globs);
  const wanted = (name: string) => shown?.includes(name) ?? true;
  return {
    Id: image.id,
    ParentId: image.parent ?? "",
    RepoTags: image.references.filter(wanted),
    RepoDigests: image.digests,
    Created: unixSeconds(image.createdAt),
    Size: image.sizeBytes,
    VirtualSize: image.sizeBytes,
    SharedSize: -1,
    Labels: image.config.labels,
    Containers: engine.containers.list().filter(({ run }) => run.imageId === image.id).length,
  };
}

/** 0 when it isn't known. */
export function unixSeconds(time: string): number {
  const milliseconds = Date.parse(time);
  return Number.isNaN(milliseconds) ? 0 : Math.floor(milliseconds / 1000);
}
