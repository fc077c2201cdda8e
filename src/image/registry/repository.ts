import type { Reference } from "../reference.ts";
import type { RegistryConnection } from "./registry-connection.ts";

/** A repository of a registry, and what one may ask it for. */
export interface Repository {
  connection: RegistryConnection;
  /** Without the registry: `library/busybox`. */
  name: string;
  /** As users write it: `busybox`, `localhost:5000/busybox`. */
  familiar: string;
  scopes: string[];
}

export function repositoryOf(
  connection: RegistryConnection,
  { repository, familiarName }: Pick<Reference, "repository" | "familiarName">,
  access: "pull" | "pull,push" = "pull",
): Repository {
  return {
    connection,
    name: repository,
    familiar: familiarName,
    scopes: [`repository:${repository}:${access}`],
  };
}
