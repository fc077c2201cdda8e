import { linkName } from "../engine/containers.ts";
import type { Engine } from "../engine/core.ts";
import type { ContainerRecord } from "../engine/records.ts";

/** `Links` of a container's HostConfig; null: none. */
export function describeLinks({ containers }: Engine, record: ContainerRecord): string[] | null {
  const links = record.run.links.flatMap(({ container, alias }) => {
    const child = containers.get(container);
    return child === undefined ? [] : [`/${child.name}:${linkName(record, alias)}`];
  });
  return links.length === 0 ? null : links;
}

/** Names under which containers are linked to others, by their ids. */
export function linkedNames({ containers }: Engine): ReadonlyMap<string, string[]> {
  const names = new Map<string, string[]>();
  for (const parent of containers.list())
    for (const { container, alias } of parent.run.links)
      names.set(container, [...(names.get(container) ?? []), linkName(parent, alias)].sort());
  return names;
}
