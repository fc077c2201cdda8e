import { describeAge } from "../base/describe-age.ts";
import { z } from "zod";
import { type ContainerRecord, isRunning } from "../engine/records.ts";
import { scratchBytesOf } from "../engine/upkeep.ts";
import type { Engine } from "../engine/core.ts";
import {
  describeMounts,
  networkMode,
  networkSettings,
  portsOf,
  statusOf,
} from "./container-description.ts";
import {
  flagParameter,
  matchesLabels,
  numberParameter,
  parse,
  parseFilters,
  textParameter,
} from "./query.ts";

const querySchema = z.object({
  all: flagParameter,
  limit: numberParameter,
  size: flagParameter,
  filters: textParameter,
});

type Match = (record: ContainerRecord, values: string[], engine: Engine) => boolean;

const filterMatches: Record<string, Match> = {
  id: ({ id }, values) => values.some((value) => id.startsWith(value)),
  name: ({ name }, values) => values.some((value) => name.includes(value.replace(/^\//, ""))),
  label: ({ labels }, values) => matchesLabels(labels, values),
  status: ({ state }, values) => values.includes(statusOf(state)),
  exited: ({ state }, values) => state.kind === "exited" && values.includes(String(state.exitCode)),
  ancestor: ({ imageName, run: { imageId } }, values) =>
    values.some(
      (value) =>
        imageName === value ||
        imageName === `${value}:latest` ||
        imageId === value ||
        imageId.startsWith(`sha256:${value}`),
    ),
  volume: ({ run }, values) =>
    run.mounts.some(
      ({ volume = "", target }) => values.includes(volume) || values.includes(target),
    ),
  network: (record, values) => values.includes(networkMode(record)),
  publish: (record, values) =>
    portsOf(record).some(({ hostPort, protocol }) =>
      values.some((value) => value === String(hostPort) || value === `${hostPort}/${protocol}`),
    ),
  before: ({ createdAt }, values, engine) =>
    values.every((value) => createdAt < engine.containers.find(value).createdAt),
  since: ({ createdAt }, values, engine) =>
    values.every((value) => createdAt > engine.containers.find(value).createdAt),
};

/** `GET /containers/json`: newest first; only running ones unless asked otherwise. */
export async function listContainers(engine: Engine, query: unknown) {
  const { all, limit, size, filters: text } = parse(querySchema, query, "query");
  const filters = parseFilters(text, Object.keys(filterMatches));
  const everything = all || limit !== undefined || filters.has("status") || filters.has("exited");
  const matching = engine.containers
    .list()
    .filter((record) => everything || isRunning(record))
    .filter((record) =>
      [...filters].every(
        ([name, values]) => filterMatches[name]?.(record, values, engine) ?? false,
      ),
    )
    .sort((a, b) => b.createdAt.localeCompare(a.createdAt));
  const shown = limit === undefined || limit <= 0 ? matching : matching.slice(0, limit);
  if (!size) return shown.map(summarizeContainer);
  const sizes = await containerSizes(engine, shown);
  return shown.map((record, index) => ({ ...summarizeContainer(record), ...sizes[index] }));
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

export function summarizeContainer(record: ContainerRecord) {
  return {
    Id: record.id,
    Names: [`/${record.name}`],
    Image: record.imageName,
    ImageID: record.run.imageId,
    Command: commandText(record.run.process.args),
    Created: Math.floor(Date.parse(record.createdAt) / 1000),
    Ports: portsOf(record).map((port) => ({
      IP: port.hostAddress,
      PrivatePort: port.containerPort,
      PublicPort: port.hostPort,
      Type: port.protocol,
    })),
    Labels: record.labels,
    State: statusOf(record.state),
    Status: statusText(record),
    HostConfig: { NetworkMode: networkMode(record) },
    NetworkSettings: { Networks: networkSettings(record).Networks },
    Mounts: describeMounts(record),
  };
}

/** As Docker shows it: an argument with a space in it stands between quotes. */
function commandText([program = "", ...args]: readonly string[]): string {
  return [program, ...args.map((arg) => (arg.includes(" ") ? `'${arg}'` : arg))].join(" ");
}

function statusText({ state }: ContainerRecord): string {
  switch (state.kind) {
    case "created":
      return "Created";
    case "running":
    case "detached":
      return `Up ${describeAge(Date.parse(state.startedAt))}`;
    case "paused":
      return `Up ${describeAge(Date.parse(state.startedAt))} (Paused)`;
    case "restarting":
      return `Restarting (${state.exitCode}) ${describeAge(Date.parse(state.finishedAt))} ago`;
    case "exited":
      return `Exited (${state.exitCode}) ${describeAge(Date.parse(state.finishedAt))} ago`;
  }
}
