import { DvmError } from "../../base/errors.ts";
import { isRegistryName, registryOfAddress } from "../../base/registry-name.ts";
import { parseReference, type Reference } from "../reference.ts";

/**
 * A repository as policies compare it: `registry.example/team/app`, `docker.io/library/nginx`. One
 * spelling for each registry: host names know no case, and 443 is the port that is meant without one.
 */
export function policyName({ registry, repository }: Pick<Reference, "registry" | "repository">) {
  const host = registry.toLowerCase().replace(/:443$/, "");
  return `${registryOfAddress(host)}/${repository}`;
}

/** {@link policyName} of a repository as docker users write it. */
export function policyNameOf(repository: string): string {
  return policyName(parseReference(repository));
}

/**
 * A scope as written in a policy: a registry, a repository, or the beginning of repositories' names
 * up to a slash. Gives it as policies compare it.
 */
export function parseScope(text: string): string {
  const first = text.split("/", 1)[0] ?? "";
  if (!isRegistryName(first))
    throw invalidScope(text, `begin it with its registry, such as docker.io/library/${text}`);
  if (/@|:[^/]*$/.test(text.slice(first.length)))
    throw invalidScope(text, "it is for a repository, without tag or digest");
  try {
    // two parts more, as one alone would be in Docker Hub's library
    return policyName(parseReference(`${text}/x/x`)).slice(0, -"/x/x".length);
  } catch {
    throw invalidScope(text, "it must be a registry, or a registry and a path, in lower case");
  }
}

/** The scopes that hold `repository` (by {@link policyName}), the most specific first. */
export function* scopesOf(repository: string): Generator<string> {
  for (let scope = repository; ; scope = scope.slice(0, scope.lastIndexOf("/"))) {
    yield scope;
    // who writes docker.io/nginx means the image that docker calls nginx
    const official = /^docker\.io\/library\/([^/]+)$/.exec(scope)?.[1];
    if (official !== undefined) yield `docker.io/${official}`;
    if (!scope.includes("/")) return;
  }
}

function invalidScope(text: string, fact: string): DvmError {
  return new DvmError("invalid", `"${text}" can't be a scope: ${fact}`);
}
