import { dockerHub, splitRegistry } from "../../base/registry-name.ts";

/** `repo:tag` → its parts; a port in the registry's name is no tag, a digest stays in the name. */
export function splitImageName(name: string): { repository: string; tag: string } {
  const cut = name.lastIndexOf(":");
  if (cut < 0 || name.includes("/", cut) || name.includes("@"))
    return { repository: name, tag: "" };
  return { repository: name.slice(0, cut), tag: name.slice(cut + 1) };
}

/** The name with `:latest` when it has neither tag nor digest, as messages show it. */
export function withDefaultTag(name: string): string {
  const { tag } = splitImageName(name);
  return tag !== "" || name.includes("@") ? name : `${name}:latest`;
}

/** With registry and `library/`, as docker prints what was pulled: `docker.io/library/busybox:latest`. */
export function canonicalName(name: string, withTag = true): string {
  const { registry = dockerHub, path } = splitRegistry(name);
  const isOfficial = registry === dockerHub && !path.includes("/");
  const whole = `${registry}/${isOfficial ? "library/" : ""}${path}`;
  return withTag ? withDefaultTag(whole) : whole;
}
