import { describeError, DvmError } from "../../base/errors.ts";
import { Stopwatch } from "../../base/stopwatch.ts";
import { timestamp } from "../../base/timestamps.ts";
import type { Engine, HeldContainer } from "../core.ts";
import { leaveNetworks } from "../networks.ts";
import { checkRun, leaveMounts } from "../plan.ts";
import {
  type ContainerRecord,
  healthAtStart,
  isRunning,
  noRestarts,
  type StartReport,
} from "../records.ts";
import { announceReleased, announceTaken } from "./announce-resources.ts";
import { isInCompany } from "./find-company.ts";
import { beginHealth } from "./health.ts";
import { withLinks } from "./links.ts";
import { checkLog } from "./open-log.ts";
import { startFailure } from "./start-failure.ts";
import { removeContainer } from "./remove-container.ts";
import { join, type Joined } from "./join.ts";
import { startBeside } from "./start-beside.ts";
import { type Started, startInOwnMachine } from "./start-in-own-machine.ts";
import { supervise } from "./supervise.ts";
import { watchMemory } from "./watch-memory.ts";

/** Brings the container's machine up and starts its process. With `--rm` a failed start removes it. */
export async function startContainer(engine: Engine, id: string): Promise<StartReport> {
  const before = engine.containers.get(id)?.state;
  try {
    return await engine.containers.change(id, (held) => startHeld(engine, held));
  } catch (error) {
    const record = engine.containers.get(id);
    const hasFailed = record !== undefined && record.state !== before && !isRunning(record);
    if (hasFailed && record.run.removeWhenEnded)
      await removeContainer(engine, id, { force: true, volumes: true });
    throw error;
  }
}

async function startHeld(engine: Engine, held: HeldContainer): Promise<StartReport> {
  const { record } = held;
  if (record.state.kind === "paused")
    throw new DvmError("conflict", "cannot start a paused container, try unpause instead");
  if (isRunning(record)) throw new DvmError("not-modified", `container ${record.id} runs already`);
  // who is started by hand begins anew
  return start(engine, held, { restart: noRestarts, restartCount: 0 });
}

/** The restart policy's start; of one that is not about to be restarted any more, none. */
export async function startAgain(engine: Engine, held: HeldContainer): Promise<void> {
  if (held.record.state.kind === "restarting") await start(engine, held, {});
}

type Restarts = Partial<Pick<ContainerRecord, "restart" | "restartCount">>;

async function start(
  engine: Engine,
  held: HeldContainer,
  restarts: Restarts,
): Promise<StartReport> {
  try {
    return await launch(engine, held, restarts);
  } catch (error) {
    const { exitCode, told } = startFailure(error, held.record.run.mounts);
    held.apply(
      { kind: "start-failed", failure: { exitCode, error: describeError(told) } },
      restarts,
    );
    engine.streams(held.record.id).end();
    announceReleased(engine, held.record);
    leaveMounts(engine, held.record);
    throw told;
  } finally {
    engine.ports.settle(held.record.id);
  }
}

async function launch(
  engine: Engine,
  held: HeldContainer,
  restarts: Restarts,
): Promise<StartReport> {
  const watch = new Stopwatch();
  const record = withLinks(engine, held.record);
  checkRun(record.run);
  await checkLog(engine, record);
  const joined = await join(engine, record);
  held.note(asKnown(held.record, joined.record));
  const { run, network, ...lastStart } = await startJoined(engine, joined, watch);
  const happened = { kind: "started", at: timestamp(), run, ...network } as const;
  const report = { ...lastStart, phases: watch.phases };
  const health = record.run.health && { health: healthAtStart(record.health) };
  const started = held.apply(happened, { lastStart: report, ...restarts, ...health });
  watchMemory(engine, record.id, { run, isNew: true });
  beginHealth(engine, started, run);
  announceTaken(engine, started);
  engine.announce("start", started);
  void supervise(engine, record.id, run);
  return report;
}

/** What is remembered of a start, however it ends: the networks that it knows now. */
function asKnown(
  { request, run }: ContainerRecord,
  joined: ContainerRecord,
): Pick<ContainerRecord, "request" | "run"> {
  const { endpoints, hostConfig } = joined.request;
  const { NetworkMode } = hostConfig;
  return {
    request: { ...request, endpoints, hostConfig: { ...request.hostConfig, NetworkMode } },
    run: { ...run, networks: joined.run.networks },
  };
}

/** What fails gives its places in networks back. */
async function startJoined(engine: Engine, joined: Joined, watch: Stopwatch): Promise<Started> {
  try {
    return isInCompany(joined.record)
      ? await startBeside(engine, joined, watch)
      : await startInOwnMachine(engine, joined, watch);
  } catch (error) {
    await leaveNetworks(engine, joined.endpoints);
    throw error;
  }
}
