import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { DvmError } from "../base/errors.ts";
import { pathPattern } from "../base/path-pattern.ts";
import type { Engine, Image } from "../engine/core.ts";
import { type ApiVersion, asksBefore, isOlder, versionOf } from "./api-version.ts";
import { sharedImageBytes } from "../engine/images.ts";
import { imageFilter } from "./image-filters.ts";
import { type Filters, parseFilters } from "./filters.ts";
import { flagParameter, parse, textParameter } from "./query.ts";

const known = ["before", "dangling", "label", "reference", "since", "until"];
const querySchema = z.object({
  all: flagParameter,
  filter: textParameter,
  filters: textParameter,
  "shared-size": flagParameter,
});

/** `GET /images/json`: newest first; of names only those that a `reference` filter wants. */
export function listImages(engine: Engine, request: FastifyRequest) {
  const query = parse(querySchema, request.query, "query");
  const filters = new Map(parseFilters(query.filters, known));
  const { filter = "" } = query;
  if (filter !== "" && asksBefore(request, "1.41"))
    filters.set("reference", [...(filters.get("reference") ?? []), filter]);
  const isWanted = imageFilter(engine, filters, query);
  const knowsShared = query["shared-size"] && !asksBefore(request, "1.42");
  const shared = knowsShared ? sharedImageBytes(engine) : undefined;
  const isNamed = namesFilter(filters);
  return engine.parts.images
    .list()
    .filter(isWanted)
    .sort((left, right) => Date.parse(right.createdAt) - Date.parse(left.createdAt))
    .flatMap((image) => {
      const names = {
        RepoTags: image.references.filter(isNamed),
        RepoDigests: image.digests.filter(isNamed),
      };
      const isLeft = names.RepoTags.length + names.RepoDigests.length > 0;
      if (filters.has("reference") && !isLeft) return [];
      const SharedSize = shared === undefined ? -1 : (shared.get(image.id) ?? 0);
      return [
        {
          ...summarizeImage(engine, image),
          SharedSize,
          ...ofVersion(image, names, versionOf(request)),
        },
      ];
    });
}

interface ShownNames {
  RepoTags: string[];
  RepoDigests: string[];
}

/** What older versions showed in another way. */
function ofVersion({ sizeBytes }: Image, names: ShownNames, version: ApiVersion) {
  return {
    ...(isOlder(version, "1.43") ? namesOfOld(names) : names),
    ...(isOlder(version, "1.44") ? { VirtualSize: sizeBytes } : {}),
    ...(isOlder(version, "1.51") ? { Containers: -1 } : {}),
  };
}

function namesOfOld({ RepoTags, RepoDigests }: ShownNames) {
  if (RepoTags.length + RepoDigests.length === 0)
    return { RepoTags: ["<none>:<none>"], RepoDigests: ["<none>@<none>"] };
  return {
    RepoTags: RepoTags.length === 0 ? null : RepoTags,
    RepoDigests: RepoDigests.length === 0 ? null : RepoDigests,
  };
}

/** A pattern is held against a name with its tag and without. */
function namesFilter(filters: Filters): (name: string) => boolean {
  const patterns = (filters.get("reference") ?? []).map((text) => {
    const pattern = pathPattern(text);
    if (pattern === undefined) throw new DvmError("unclassified", "syntax error in pattern");
    return pattern;
  });
  return (name) => {
    const forms = [name, name.replace(/@.*$|:[^:/@]*$/, "")];
    return (
      patterns.length === 0 || patterns.some((pattern) => forms.some((form) => pattern.test(form)))
    );
  };
}

export function summarizeImage(engine: Engine, image: Image) {
  const { labels } = image.config;
  return {
    Id: image.id,
    ParentId: image.parent ?? "",
    RepoTags: image.references as string[] | null,
    RepoDigests: image.digests as string[] | null,
    Created: unixSeconds(image.createdAt),
    Size: image.sizeBytes,
    SharedSize: -1,
    Labels: Object.keys(labels).length === 0 ? null : labels,
    Containers: engine.containers.list().filter(({ run }) => run.imageId === image.id).length,
  };
}

/** 0 when it isn't known. */
export function unixSeconds(time: string): number {
  const milliseconds = Date.parse(time);
  return Number.isNaN(milliseconds) ? 0 : Math.floor(milliseconds / 1000);
}
