import { shortId } from "../../base/ids.ts";
import type { Engine } from "../core.ts";
import type { ContainerRecord } from "../records.ts";
import {
  cannotLog,
  ContainerLog,
  logAttributes,
  logTag,
  requireLogSettings,
  syslogSink,
} from "../runs.ts";

/** Shown to a syslog that was asked for no tag. */
const defaultTag = "{{.ID}}";

interface LogPlace {
  positionPath: string;
  resume: boolean;
}

/**
 * Refuses what a container's log can't be, before anything of it is started: options, and servers
 * that don't listen.
 */
export async function checkLog(engine: Engine, record: ContainerRecord): Promise<void> {
  const { syslog } = requireLogSettings(record.request.hostConfig.LogConfig);
  const { tag } = describeLines(record);
  if (syslog === undefined) return;
  const say = (message: string) => engine.parts.log(message);
  const sink = await connecting(() => syslogSink({ settings: syslog, tag, say }));
  sink[Symbol.dispose]();
}

/** Where a run of a container writes what it says. */
export async function openLog(
  engine: Engine,
  record: ContainerRecord,
  { positionPath, resume }: LogPlace,
): Promise<ContainerLog> {
  const say = (message: string) => engine.parts.log(`container ${shortId(record.id)}: ${message}`);
  const { files, syslog, bufferBytes } = requireLogSettings(record.request.hostConfig.LogConfig);
  const { tag, attributes } = describeLines(record);
  const sink =
    syslog === undefined
      ? undefined
      : await connecting(() => syslogSink({ settings: syslog, tag, say, mayFail: resume }));
  return ContainerLog.open({
    ...{ path: engine.logPath(record.id), positionPath, files, attributes, sink, bufferBytes },
    ...{ feed: engine.streams(record.id).feed, resume, say },
  });
}

function describeLines(record: ContainerRecord) {
  const { run, request } = record;
  const { Type, Config } = request.hostConfig.LogConfig;
  const container = {
    ...{ id: record.id, name: record.name, imageId: run.imageId, imageName: record.imageName },
    ...{ command: run.process.args, env: run.process.env, labels: record.labels },
    hostName: run.hostname,
  };
  try {
    const attributes = Type === "none" ? {} : logAttributes(Config, container);
    return { attributes, tag: logTag(Config["tag"] ?? defaultTag, container) };
  } catch (error) {
    throw cannotLog(error instanceof Error ? error.message : String(error));
  }
}

async function connecting<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw cannotLog(error instanceof Error ? error.message : String(error));
  }
}
