import type { EngineEvent } from "../engine/core.ts";
import { type Filters, matchesExactly, matchesLabels } from "./filters.ts";

/** What happens to things of these kinds can be asked for by their id or name, or the beginning of one. */
const kinds = [
  ...["daemon", "container", "plugin", "volume", "network"],
  ...["node", "service", "secret", "config"],
];
/** Such actions are told with more after them: `exec_start: ls -l`. */
const openActions = ["health_status", "exec_create", "exec_start"];

/** Whether an event is among those that were asked for. A filter that nobody knows narrows nothing. */
export function matchesEvent(event: EngineEvent, filters: Filters): boolean {
  const { Type, Actor, scope } = event;
  return (
    matchesAction(event, filters) &&
    matchesExactly(filters, "type", Type) &&
    matchesExactly(filters, "scope", scope) &&
    kinds.every((kind) => matchesActor(event, kind, filters)) &&
    matchesImage(event, filters) &&
    matchesLabels(Actor.Attributes, filters.get("label") ?? [])
  );
}

function matchesAction({ Action }: EngineEvent, filters: Filters): boolean {
  const wanted = filters.get("event") ?? [];
  if (matchesExactly(filters, "event", Action)) return true;
  return (
    wanted.some((name) => openActions.includes(name)) &&
    wanted.some((name) => Action.startsWith(name))
  );
}

function matchesActor({ Actor }: EngineEvent, kind: string, filters: Filters): boolean {
  const wanted = filters.get(kind) ?? [];
  const names = [Actor.ID, Actor.Attributes["name"] ?? ""];
  return wanted.length === 0 || names.some((name) => wanted.some((one) => name.startsWith(one)));
}

/** The image itself, or what a container was made of; with or without its tag. */
function matchesImage({ Type, Actor }: EngineEvent, filters: Filters): boolean {
  const wanted = filters.get("image") ?? [];
  const name = Actor.Attributes[Type === "image" ? "name" : "image"] ?? "";
  const names = [Actor.ID, name].flatMap((one) => [one, withoutTag(one)]);
  return wanted.length === 0 || names.some((one) => wanted.includes(one));
}

function withoutTag(name: string): string {
  const [repository = ""] = name.split("@");
  return repository.replace(/^docker\.io\/(library\/)?/, "").replace(/:[^:/]*$/, "");
}
