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
  reference: Pick<Reference, "repository" | "familiar">,
  access: "pull" | "pull,push" = "pull",
): Repository {
  return {
    connection,
    name: reference.repository,
    familiar: familiarRepository(reference),
    scopes: [`repository:${reference.repository}:${access}`],
  };
}

/** A reference without tag and digest, as users write it. */
export function familiarRepository({ familiar }: Pick<Reference, "familiar">): string {
  return familiar.replace(/@.*$/, "").replace(/:[^:/]*$/, "");
}
