import { DvmError } from "../base/errors.ts";
import type { Engine } from "../engine/core.ts";
import type { ContainerRecord } from "../engine/records.ts";
import { describeMounts, healthOf, statusOf } from "./container-description.ts";
import { networkSettings } from "./network-settings.ts";
import { portsInList } from "./port-description.ts";
import {
  flagFilter,
  type Filters,
  matchesExactly,
  matchesLabels,
  matchesPattern,
  parseFilters,
} from "./filters.ts";
import { isInRange, type PortRange, portRange } from "./port-range.ts";

const known = [
  ...["ancestor", "before", "exited", "expose", "health", "id", "is-task", "isolation", "label"],
  ...["name", "network", "publish", "since", "status", "volume"],
];
const states = ["created", "running", "paused", "restarting", "removing", "exited", "dead"];
const healths = ["none", "starting", "healthy", "unhealthy"];

/** Which containers a list is to hold. */
export interface ContainerFilter {
  /** Whether those that don't run are asked for by it. */
  ofAllStates: boolean;
  matches(record: ContainerRecord): boolean;
}

/** Reads filters; a value that can't be is refused in Docker's words. */
export function containerFilter(engine: Engine, text: string | undefined): ContainerFilter {
  const filters = parseFilters(text, known);
  const exitCodes = (filters.get("exited") ?? []).map(exitCode);
  refuseOthers(filters, { name: "status", what: "state", words: states });
  const isTask = flagFilter(filters, "is-task") ?? false;
  refuseOthers(filters, { name: "health", what: "health", words: healths });
  const [before, since] = ["before", "since"].map((name) =>
    (filters.get(name) ?? []).map((value) => engine.containers.find(value)),
  );
  const images = ancestors(engine, filters);
  const ranges = (["publish", "expose"] as const).flatMap((name) =>
    (filters.get(name) ?? []).map((value) => ({ name, range: portRange(name, value) })),
  );
  const tests: ((record: ContainerRecord) => boolean)[] = [
    (record) => matchesNames(filters, record),
    () => !isTask,
    ({ labels }) => matchesLabels(labels, filters.get("label") ?? []),
    (record) => (before ?? []).every((other) => record.createdAt < other.createdAt),
    (record) => (since ?? []).every((other) => record.createdAt > other.createdAt),
    ({ state }) =>
      exitCodes.length === 0 || (state.kind === "exited" && exitCodes.includes(state.exitCode)),
    ({ state }) => matchesPattern(filters, "status", statusOf(state)),
    (record) => matchesExactly(filters, "health", healthOf(record)),
    (record) => hasVolume(filters, record),
    ({ run }) => images?.has(run.imageId) ?? true,
    (record) => isInNetwork(engine, filters, record),
    (record) => ranges.length === 0 || hasPort(record, ranges),
  ];
  return {
    ofAllStates: filters.has("status"),
    matches: (record) => tests.every((test) => test(record)),
  };
}

function exitCode(value: string): number {
  if (/^[+-]?\d+$/.test(value)) return Number(value);
  throw new DvmError(
    "invalid",
    `invalid filter 'exited=${value}': strconv.Atoi: parsing ${JSON.stringify(value)}: invalid syntax`,
  );
}

function refuseOthers(
  filters: Filters,
  { name, what, words }: { name: string; what: string; words: readonly string[] },
): void {
  const wrong = (filters.get(name) ?? []).find((value) => !words.includes(value));
  if (wrong === undefined) return;
  throw new DvmError(
    "invalid",
    `invalid filter '${name}=${wrong}': invalid value for ${what} (${wrong}): must be one of ${words.join(", ")}`,
  );
}

/** An id by its beginning, a name by a regular expression, with its slash or without. */
function matchesNames(filters: Filters, { id, name }: ContainerRecord): boolean {
  const ids = filters.get("id") ?? [];
  return (
    (ids.length === 0 || ids.some((value) => value !== "" && id.startsWith(value))) &&
    (matchesPattern(filters, "name", `/${name}`) || matchesPattern(filters, "name", name))
  );
}

/** The images that are asked for, and all that were made of them here. */
function ancestors({ parts }: Engine, filters: Filters): Set<string> | undefined {
  const wanted = filters.get("ancestor");
  if (wanted === undefined) return undefined;
  const all = parts.images.list();
  const found = new Set<string>();
  const add = (id: string): void => {
    if (found.has(id)) return;
    found.add(id);
    for (const child of all.filter(({ parent }) => parent === id)) add(child.id);
  };
  const find = parts.images.finder();
  for (const name of wanted) {
    const image = find(name);
    if (image !== undefined) add(image.id);
  }
  return found;
}

function hasVolume(filters: Filters, record: ContainerRecord): boolean {
  const wanted = filters.get("volume");
  if (wanted === undefined) return true;
  return describeMounts(record).some((mount) => {
    const name = "Name" in mount ? mount.Name : mount.Source;
    return wanted.includes(mount.Destination) || wanted.includes(name ?? "");
  });
}

function isInNetwork(engine: Engine, filters: Filters, record: ContainerRecord): boolean {
  const wanted = filters.get("network");
  if (wanted === undefined) return true;
  const { Networks } = networkSettings(engine, record);
  return Object.entries(Networks).some(([name, { NetworkID }]) =>
    wanted.some((value) => value === name || NetworkID.startsWith(value)),
  );
}

function hasPort(
  record: ContainerRecord,
  ranges: readonly { name: "publish" | "expose"; range: PortRange }[],
): boolean {
  return portsInList(record).some(({ PublicPort, PrivatePort, Type }) =>
    ranges.some(({ name, range }) =>
      isInRange(range, name === "publish" ? PublicPort : PrivatePort, Type),
    ),
  );
}
