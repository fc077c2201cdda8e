import type { Engine, Image } from "../engine/core.ts";
import { type Filters, flagFilter, matchesLabelFilters, momentOf, untilFilter } from "./filters.ts";

/**
 * Which images a list holds. Without `all` those are left out that have no name and that others were
 * made of.
 */
export function imageFilter(
  engine: Engine,
  filters: Filters,
  { all }: { all: boolean },
): (image: Image) => boolean {
  const images = engine.parts.images.list();
  const dangling = flagFilter(filters, "dangling");
  const made = (name: string) =>
    (filters.get(name) ?? []).map((value) => Date.parse(engine.parts.images.find(value).createdAt));
  const until = (filters.get("until") ?? []).map((value) => momentOf(value, "unclassified"));
  const before = Math.min(...made("before"), ...until);
  const since = Math.max(...made("since"));
  return (image) => {
    const createdAt = Date.parse(image.createdAt);
    return (
      createdAt < before &&
      createdAt > since &&
      matchesLabelFilters(filters, image.config.labels) &&
      isNamedAsAsked(image, { dangling, all, hasChildren: isParent(images, image) })
    );
  };
}

/** Which images a prune takes, so far as nothing needs them. */
export function pruneFilter(engine: Engine, filters: Filters): (image: Image) => boolean {
  const images = engine.parts.images.list();
  const onlyDangling = flagFilter(filters, "dangling") ?? true;
  const until = untilFilter(filters, "unclassified") ?? Number.POSITIVE_INFINITY;
  return (image) =>
    Date.parse(image.createdAt) <= until &&
    matchesLabelFilters(filters, image.config.labels) &&
    !(onlyDangling && image.references.length > 0) &&
    !(image.references.length + image.digests.length === 0 && isParent(images, image));
}

interface Asked {
  dangling: boolean | undefined;
  all: boolean;
  hasChildren: boolean;
}

function isNamedAsAsked({ references, digests }: Image, { dangling, all, hasChildren }: Asked) {
  if (dangling === true) return references.length === 0 && !hasChildren;
  if (references.length + digests.length > 0) return true;
  return dangling === undefined && (all || !hasChildren);
}

function isParent(images: readonly Image[], { id }: Image): boolean {
  return images.some(({ parent }) => parent === id);
}
