import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { AgentClient, type GuestProcess } from "../../agent/agent-client.ts";
import { describeError, DvmError, ignore } from "../../base/errors.ts";
import { shortId } from "../../base/ids.ts";
import type { Machine } from "../../machine/machine.ts";
import { machineFolder, machineFolders } from "../../supply/machine-folders.ts";
import type { Engine } from "../core.ts";
import { type ContainerRecord, machineOf, type MachineRecord } from "../records.ts";
import { leaveUnusedVolumes } from "../volumes.ts";
import type { RunningMachine } from "../runs.ts";
import { makePredefined } from "../networks.ts";
import { pruneTemplates } from "./templates.ts";
import {
  afterEnd,
  followPolicies,
  noteEnd,
  openRun,
  renewNames,
  supervise,
  watchHealth,
  watchMemory,
} from "../containers.ts";

const reconnectDeadlineMs = 10_000;
/** Of a guest that writes what it could not while the disk was full. */
const busyDeadlineMs = 120_000;
const lostExitCode = 255;
const killedExitCode = 137;
const goneReason = "the machine went away while no daemon ran";

/** After a start of the daemon: takes up the machines that live on, and books the others as ended. */
export async function reconcile(engine: Engine): Promise<void> {
  await makePredefined(engine);
  await pruneTemplates(engine, false);
  const stored = engine.machines.stored();
  await takeUpSwitch(engine);
  await Promise.all(stored.map((one) => takeUpMachine(engine, one)));
  await bookLost(engine, (machineId) => !engine.space.parked.has(machineId), goneReason);
  await endStrays(engine);
  await engine.supply.pool.recover();
  leaveUnusedVolumes(engine);
  followPolicies(engine);
}

/** Containers run on without it, and without the way to others: it is tried again when next needed. */
async function takeUpSwitch({ parts }: Engine): Promise<void> {
  await parts.switch.takeUp().catch((error: unknown) => parts.log(describeError(error)));
}

/** Ends machines that no container has: an earlier daemon was killed while it made them. */
async function endStrays({ parts, machines, space }: Engine): Promise<void> {
  const { runRoot } = parts.places;
  const known = [...machines.running(), ...space.parked.values()].map(({ machine }) => machine);
  const folders = new Set(known.map(({ id }) => shortId(id)));
  for (const ended of await parts.hypervisor.endStrays(runRoot, known))
    parts.log(`ended a machine that no container has: ${ended}`);
  const root = machineFolders(runRoot);
  for (const name of (await ignore("ENOENT", () => readdir(root))) ?? [])
    if (!folders.has(name)) await rm(join(root, name), { recursive: true, force: true });
}

/** One that can't be taken up is ended, and who was in it; one that waits for space is parked. */
async function takeUpMachine(
  engine: Engine,
  stored: MachineRecord,
  deadlineMs = reconnectDeadlineMs,
): Promise<void> {
  const { parts } = engine;
  const { id } = stored;
  const machine = await parts.hypervisor.find(id, machineFolder(parts.places.runRoot, id));
  try {
    if (machine === undefined) throw new DvmError("unavailable", goneReason);
    if (await standsForSpace(machine)) return park(engine, machine, stored);
    await takeUpResidents(engine, machine, { stored, deadlineMs });
    engine.space.parked.delete(id);
  } catch (error) {
    if (machine !== undefined && (await standsForSpace(machine)))
      return park(engine, machine, stored);
    const reason = describeError(error);
    parts.log(`cannot take up machine ${shortId(id)}: ${reason}`);
    engine.space.parked.delete(id);
    await machine?.kill();
    engine.machines.forget(id);
    await bookLost(engine, (machineId) => machineId === id, reason);
  }
}

async function standsForSpace(machine: Machine): Promise<boolean> {
  try {
    return await machine.isOutOfSpace();
  } catch {
    return false; // it has gone, or its VMM has hung: taking it up will tell
  }
}

/** Its agent can't answer before there is room on the disk. */
function park(engine: Engine, machine: Machine, stored: MachineRecord): void {
  const { space, machines, parts } = engine;
  const { id } = stored;
  const reason = space.reason();
  parts.log(`machine ${shortId(id)} is taken up when it goes on: ${reason.message}`);
  const takeUp = async () => {
    await takeUpMachine(engine, stored, busyDeadlineMs);
    const found = machines.running().find((one) => one.id === id);
    found?.agent.correctClock().catch(() => {}); // it stood still with its machine
    const isOver = (machineId: string) => machineId === id && !space.parked.has(id);
    await bookLost(engine, isOver, goneReason);
  };
  space.parked.set(id, { machine, reason, takeUp, isBeingTakenUp: false });
  void machine.exited.then(async () => {
    if (space.parked.get(id)?.machine !== machine) return;
    space.parked.delete(id);
    machines.forget(id);
    await rm(machineFolder(parts.places.runRoot, id), { recursive: true, force: true });
    await bookLost(engine, (machineId) => machineId === id, reason.message, killedExitCode);
  });
}

async function takeUpResidents(
  engine: Engine,
  machine: Machine,
  { stored, deadlineMs }: { stored: MachineRecord; deadlineMs: number },
): Promise<void> {
  const residents = engine.containers.list().filter((record) => machineOf(record) === stored.id);
  const isPaused = ({ state }: ContainerRecord) => state.kind === "detached" && state.isPaused;
  // the agent of a machine that stands still can't answer: it runs for the moment that the greeting takes
  const standsStill = residents.length === 1 && residents.every(isPaused);
  if (standsStill) await machine.resume();
  const agent = await AgentClient.connect(machine.agentSocket, { deadlineMs });
  const found = await agent.resume();
  const living = residents.flatMap((record) => {
    const main = found.get(record.id)?.main;
    return main === undefined ? [] : [{ record, main }];
  });
  if (living.length === 0) {
    await agent[Symbol.asyncDispose]();
    throw new DvmError("unavailable", "no container runs in it");
  }
  const running = engine.machines.takeUp({ machine, agent }, stored);
  await running.forwarder.takeUp();
  // a commit may have been under way
  for (const { record } of living) if (!isPaused(record)) await agent.thaw(record.id);
  const isOver = (id: string) => !living.some(({ record }) => record.id === id);
  await running.clear(isOver);
  if (standsStill) await running.stop();
  agent.standStill(living.some(({ record }) => isPaused(record)));
  for (const { record, main } of living) await takeUpContainer(engine, record, { running, main });
}

async function takeUpContainer(
  engine: Engine,
  { id: containerId, run: { process } }: ContainerRecord,
  { running: machine, main }: { running: RunningMachine; main: GuestProcess },
): Promise<void> {
  const run = await openRun(engine, { containerId, machine, main, tty: process.tty, resume: true });
  await engine.containers.change(containerId, async (held) => {
    held.apply({ kind: "taken-up", run });
  });
  await renewNames(engine, engine.containers.find(containerId), machine).catch((error: unknown) =>
    engine.parts.log(`cannot answer container ${containerId} for names: ${describeError(error)}`),
  );
  watchMemory(engine, containerId, { run, isNew: false });
  watchHealth(engine, engine.containers.find(containerId), { run, isNew: false });
  void supervise(engine, containerId, run);
}

/** Who was in machines that have gone has ended with them. */
async function bookLost(
  engine: Engine,
  hasGone: (machineId: string) => boolean,
  error: string,
  exitCode = lostExitCode,
): Promise<void> {
  const lost = engine.containers
    .list()
    .filter((one) => one.state.kind === "detached" && hasGone(one.state.machineId));
  for (const { id, name } of lost) {
    engine.parts.log(`container ${name} ended with a machine that could not be taken up: ${error}`);
    const ended = await engine.containers.change(id, async (held) => {
      if (held.record.state.kind !== "detached") return undefined;
      return noteEnd(engine, held, { error, exitCode, oomKilled: false });
    });
    if (ended !== undefined) await afterEnd(engine, ended);
  }
}
