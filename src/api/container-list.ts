import { DvmError } from "../base/errors.ts";
import { describeAge } from "../base/describe-age.ts";
import { z } from "zod";
import { type ContainerRecord, type Health, isRunning } from "../engine/records.ts";
import { scratchBytesOf } from "../engine/upkeep.ts";
import type { Engine } from "../engine/core.ts";
import { describeMounts, networkMode, statusOf } from "./container-description.ts";
import { listedNetworks } from "./network-settings.ts";
import { portsInList } from "./port-description.ts";
import { containerFilter } from "./container-filters.ts";
import { flagParameter, parse, textParameter } from "./query.ts";
import { linkedNames } from "./link-description.ts";

const querySchema = z.object({
  all: flagParameter,
  limit: textParameter,
  size: flagParameter,
  filters: textParameter,
});

/** `GET /containers/json`: newest first; only running ones unless asked otherwise. */
export async function listContainers(engine: Engine, query: unknown) {
  const { all, limit: most, size, filters } = parse(querySchema, query, "query");
  const filter = containerFilter(engine, filters);
  const limit = limitOf(most);
  const everything = all || limit > 0 || filter.ofAllStates;
  const matching = engine.containers
    .list()
    .filter((record) => everything || isRunning(record))
    .filter((record) => filter.matches(record))
    .sort((a, b) => b.createdAt.localeCompare(a.createdAt));
  const shown = limit > 0 ? matching.slice(0, limit) : matching;
  const summaries = summarizeContainers(engine, shown);
  if (!size) return summaries;
  const sizes = await containerSizes(engine, shown);
  return summaries.map((summary, index) => {
    const { SizeRw = 0, ...rest } = sizes[index] ?? {};
    return { ...summary, ...(SizeRw === 0 ? {} : { SizeRw }), ...rest };
  });
}

function limitOf(text = ""): number {
  if (text === "" || /^[+-]?\d+$/.test(text)) return Number(text);
  throw new DvmError(
    "unclassified",
    `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`,
  );
}

/** What the own disks of containers take on the host, and with their images what they see. */
export async function containerSizes(engine: Engine, records: readonly ContainerRecord[]) {
  const images = new Map(engine.parts.images.list().map(({ id, sizeBytes }) => [id, sizeBytes]));
  return Promise.all(
    records.map(async ({ id, run: { imageId } }) => {
      const own = await scratchBytesOf(engine, id);
      return { SizeRw: own, SizeRootFs: own + (images.get(imageId) ?? 0) };
    }),
  );
}

export function summarizeContainers(engine: Engine, records: readonly ContainerRecord[]) {
  const find = engine.parts.images.finder();
  const links = linkedNames(engine);
  return records.map((record) => ({
    ...summarize(engine, record, find(record.imageName)?.id),
    Names: [`/${record.name}`, ...(links.get(record.id) ?? [])],
  }));
}

/** `namedId`: the image that its name means now. Where that is another, or none, its id is shown. */
function summarize(engine: Engine, record: ContainerRecord, namedId: string | undefined) {
  const { Annotations } = record.request.hostConfig;
  return {
    Id: record.id,
    Image: namedId === record.run.imageId ? record.imageName : record.run.imageId,
    ImageID: record.run.imageId,
    Command: commandText(record.run.process.args),
    Created: Math.floor(Date.parse(record.createdAt) / 1000),
    Ports: portsInList(record),
    Labels: record.labels,
    State: statusOf(record.state),
    Status: statusText(record),
    HostConfig: {
      NetworkMode: networkMode(record),
      ...(Annotations === null ? {} : { Annotations }),
    },
    NetworkSettings: { Networks: listedNetworks(engine, record) },
    Mounts: listMounts(record),
  };
}

/** As Docker shows it: an argument with a space in it stands between quotes. */
function commandText([program = "", ...args]: readonly string[]): string {
  return [program, ...args.map((arg) => (arg.includes(" ") ? `'${arg}'` : arg))].join(" ");
}

function statusText({ state, health }: ContainerRecord): string {
  switch (state.kind) {
    case "created":
      return "Created";
    case "running":
    case "detached":
      return `Up ${describeAge(Date.parse(state.startedAt))}${healthText(health)}`;
    case "paused":
      return `Up ${describeAge(Date.parse(state.startedAt))} (Paused)`;
    case "restarting":
      return `Restarting (${state.exitCode}) ${describeAge(Date.parse(state.finishedAt))} ago`;
    case "exited":
      return `Exited (${state.exitCode}) ${describeAge(Date.parse(state.finishedAt))} ago`;
  }
}

function healthText(health: Health | undefined): string {
  if (health === undefined) return "";
  return ` (${health.status === "starting" ? "health: starting" : health.status})`;
}

/** Of a volume without a name a list doesn't tell where it is. */
function listMounts(record: ContainerRecord) {
  const anonymous = new Set(
    record.run.mounts.filter((mount) => mount.anonymous).map(({ target }) => target),
  );
  return describeMounts(record).map((mount) =>
    anonymous.has(mount.Destination) ? { ...mount, Source: "" } : mount,
  );
}
