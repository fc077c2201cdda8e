import { shortId } from "../../base/ids.ts";
import type { ContainerRecord } from "../records.ts";

/** By which the others in a network find a container: its name first. */
export function namesOf(
  { id, name, request }: Pick<ContainerRecord, "id" | "name" | "request">,
  aliases: readonly string[],
): string[] {
  const { Hostname } = request.config;
  return [...new Set([name, ...aliases, shortId(id), ...(Hostname === "" ? [] : [Hostname])])];
}
