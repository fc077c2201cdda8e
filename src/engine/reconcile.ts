import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { AgentClient } from "../agent/agent-client.ts";
import { describeError, DvmError, ignore } from "../base/errors.ts";
import { endProcess } from "../host/processes.ts";
import type { Machine } from "../machine/machine.ts";
import { ContainerLog } from "./container-log.ts";
import { isRunning, shortId, timestamp, type ContainerRecord } from "./container-record.ts";
import type { Engine } from "./engine.ts";
import { removeContainer } from "./remove-container.ts";
import { Run } from "./run.ts";
import { pruneTemplates } from "./templates.ts";
import { supervise } from "./supervise.ts";

const reconnectDeadlineMs = 10_000;
const lostExitCode = 255;

/** After a start of the daemon: takes up the machines that live on, and books the others as ended. */
export async function reconcile(engine: Engine): Promise<void> {
  await engine.supply.recover();
  await pruneTemplates(engine, false);
  const ran = engine.containers().filter(isRunning);
  await Promise.all(ran.map((record) => takeUp(engine, record)));
  await endStrays(engine);
}

/** Ends machines that were being started when an earlier daemon was killed: no container has them. */
async function endStrays({ parts, runs }: Engine): Promise<void> {
  const known = new Set([...runs.values()].map(({ machine }) => machine.pid));
  const folders = new Set([...runs.keys()].map(shortId));
  for (const pid of await parts.hypervisor.below(parts.places.runRoot)) {
    if (known.has(pid)) continue;
    parts.log(`ending machine ${pid}, which no container has`);
    endProcess(pid);
  }
  const root = join(parts.places.runRoot, "machines");
  for (const name of (await ignore("ENOENT", () => readdir(root))) ?? [])
    if (!folders.has(name)) await rm(join(root, name), { recursive: true, force: true });
}

async function takeUp(engine: Engine, record: ContainerRecord): Promise<void> {
  const machine = await engine.parts.hypervisor.find(record.id, engine.runFolder(record.id));
  try {
    if (machine === undefined) throw new DvmError("unavailable", "its machine has gone");
    // the agent of a paused machine can't answer: it runs for the moment that the greeting takes
    const isPaused = record.state.kind === "paused";
    if (isPaused) await machine.resume();
    const run = await reconnect(engine, record, machine);
    if (isPaused) await machine.pause();
    else await run.agent.thaw(); // a commit may have been under way
    engine.runs.set(record.id, run);
    void supervise(engine, record.id, run);
  } catch (error) {
    engine.parts.log(`container ${record.name} ended while no daemon ran: ${describeError(error)}`);
    await machine?.kill();
    await bookAsEnded(engine, record);
  }
}

async function reconnect(engine: Engine, record: ContainerRecord, machine: Machine): Promise<Run> {
  const agent = await AgentClient.connect(machine.agentSocket, { deadlineMs: reconnectDeadlineMs });
  const [main] = await agent.resume();
  if (main === undefined) {
    await agent[Symbol.asyncDispose]();
    throw new DvmError("unavailable", "its agent knows of no process");
  }
  return new Run({
    machine,
    agent,
    main,
    streams: engine.streams(record.id),
    log: await ContainerLog.open(engine.logPath(record.id), engine.logPositionPath(record.id), {
      resume: true,
    }),
    tty: record.config.Tty,
  });
}

async function bookAsEnded(engine: Engine, record: ContainerRecord): Promise<void> {
  await rm(engine.runFolder(record.id), { recursive: true, force: true });
  const startedAt = "startedAt" in record.state ? record.state.startedAt : record.createdAt;
  engine.save({
    ...record,
    ports: [],
    state: {
      kind: "exited",
      startedAt,
      finishedAt: timestamp(),
      exitCode: lostExitCode,
      oomKilled: false,
      error: "the machine went away while no daemon ran",
    },
  });
  if (record.hostConfig.AutoRemove) {
    await removeContainer(engine, record.id, { force: true, volumes: true });
  }
}
