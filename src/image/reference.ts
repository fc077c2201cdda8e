import { DvmError } from "../base/errors.ts";
import { dockerHub, splitRegistry } from "../base/registry-name.ts";
import { digestPattern } from "./digest.ts";

/** An image's name in parts, with Docker's defaults filled in. */
export interface Reference {
  registry: string;
  repository: string;
  tag: string | undefined;
  digest: string | undefined;
  /** As docker users write it, without tag and digest: `busybox`. */
  familiarName: string;
  /** As docker users write it: `busybox:latest`. */
  familiar: string;
  /** With all defaults: `docker.io/library/busybox:latest`. */
  canonical: string;
}

/** An old name of Docker Hub. */
const hubIndex = "index.docker.io";
const officialPrefix = "library/";
const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
export const tagPattern = /^\w[\w.-]{0,127}$/;
const registryPattern =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(?::\d+)?$/;

/** Parses `[registry/]repository[:tag][@digest]` by the grammar of distribution's reference package. */
export function parseReference(text: string): Reference {
  const [beforeDigest, digest] = splitOnce(text, "@");
  if (digest !== undefined && !digestPattern.test(digest)) throw invalid(text);
  const lastColon = beforeDigest.lastIndexOf(":");
  const hasTag = lastColon > beforeDigest.lastIndexOf("/");
  const name = hasTag ? beforeDigest.slice(0, lastColon) : beforeDigest;
  const given = hasTag ? beforeDigest.slice(lastColon + 1) : undefined;
  if (given !== undefined && !tagPattern.test(given)) throw invalid(text);
  const { registry: first = dockerHub, path } = splitRegistry(name);
  const registry = first === hubIndex ? dockerHub : first;
  if (/^[0-9a-f]{64}$/.test(name))
    throw new DvmError(
      "invalid",
      `invalid repository name (${name}), cannot specify 64-byte hexadecimal strings`,
    );
  if (!registryPattern.test(registry) || !path.split("/").every((part) => component.test(part))) {
    throw invalid(text);
  }
  const repository = registry === dockerHub && !path.includes("/") ? officialPrefix + path : path;
  const tag = given ?? (digest === undefined ? "latest" : undefined);
  const familiarName =
    registry === dockerHub ? repository.replace(/^library\//, "") : `${registry}/${repository}`;
  const suffix = (tag === undefined ? "" : `:${tag}`) + (digest === undefined ? "" : `@${digest}`);
  return {
    registry,
    repository,
    tag,
    digest,
    familiarName,
    familiar: familiarName + suffix,
    canonical: `${registry}/${repository}${suffix}`,
  };
}

/** As `parseReference`; undefined for what is no name. */
export function tryParseReference(text: string): Reference | undefined {
  try {
    return parseReference(text);
  } catch {
    return undefined;
  }
}

/** Whether a name has neither tag nor digest. */
export function isBareName(name: string): boolean {
  return !name.includes("@") && name.lastIndexOf(":") <= name.lastIndexOf("/");
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** Docker's words; of capital letters it says that they are what is wrong. */
function invalid(text: string): DvmError {
  const { registry, path } = splitRegistry(text);
  const [repository = ""] = (
    registry === undefined && !path.includes("/") ? officialPrefix + path : path
  ).split(":");
  const isWrongCase = repository.toLowerCase() !== repository;
  const why = isWrongCase ? `: repository name (${repository}) must be lowercase` : "";
  return new DvmError("invalid", `invalid reference format${why}`);
}
