import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { AgentClient, type GuestProcess } from "../../agent/agent-client.ts";
import { describeError, DvmError, ignore } from "../../base/errors.ts";
import { shortId } from "../../base/ids.ts";
import { timestamp } from "../../base/timestamps.ts";
import type { Machine } from "../../machine/machine.ts";
import { machineFolder, machineFolders } from "../../supply/machine-folders.ts";
import type { Engine } from "../core.ts";
import { type ContainerRecord, machineOf, type MachineRecord } from "../records.ts";
import type { RunningMachine } from "../runs.ts";
import { pruneTemplates } from "./templates.ts";
import { openRun, removeContainer, supervise } from "../containers.ts";

const reconnectDeadlineMs = 10_000;
const lostExitCode = 255;
const goneReason = "the machine went away while no daemon ran";

/** After a start of the daemon: takes up the machines that live on, and books the others as ended. */
export async function reconcile(engine: Engine): Promise<void> {
  await pruneTemplates(engine, false);
  const stored = engine.machines.stored();
  const reasons = await Promise.all(stored.map((one) => takeUpMachine(engine, one)));
  await bookLost(engine, new Map(stored.map(({ id }, index) => [id, reasons[index]])));
  await endStrays(engine);
  await engine.supply.pool.recover();
}

/** Ends machines that no container has: an earlier daemon was killed while it made them. */
async function endStrays({ parts, machines }: Engine): Promise<void> {
  const { runRoot } = parts.places;
  const known = machines.running().map(({ machine }) => machine);
  const folders = new Set(machines.running().map(({ id }) => shortId(id)));
  for (const ended of await parts.hypervisor.endStrays(runRoot, known))
    parts.log(`ended a machine that no container has: ${ended}`);
  const root = machineFolders(runRoot);
  for (const name of (await ignore("ENOENT", () => readdir(root))) ?? [])
    if (!folders.has(name)) await rm(join(root, name), { recursive: true, force: true });
}

/** Gives the reason where it can't, for who was in it. */
async function takeUpMachine(engine: Engine, stored: MachineRecord): Promise<string | undefined> {
  const { parts } = engine;
  const { id } = stored;
  const machine = await parts.hypervisor.find(id, machineFolder(parts.places.runRoot, id));
  try {
    if (machine === undefined) throw new DvmError("unavailable", goneReason);
    await takeUpResidents(engine, machine, stored);
    return undefined;
  } catch (error) {
    const reason = describeError(error);
    parts.log(`cannot take up machine ${shortId(id)}: ${reason}`);
    await machine?.kill();
    engine.machines.forget(id);
    return reason;
  }
}

async function takeUpResidents(
  engine: Engine,
  machine: Machine,
  stored: MachineRecord,
): Promise<void> {
  const residents = engine.containers.list().filter((record) => machineOf(record) === stored.id);
  const isPaused = ({ state }: ContainerRecord) => state.kind === "detached" && state.isPaused;
  // the agent of a machine that stands still can't answer: it runs for the moment that the greeting takes
  const standsStill = stored.slots.length === 1 && residents.every(isPaused);
  if (standsStill) await machine.resume();
  const agent = await AgentClient.connect(machine.agentSocket, { deadlineMs: reconnectDeadlineMs });
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
  // a commit may have been under way
  for (const { record } of living) if (!isPaused(record)) await agent.thaw(record.id);
  const isOver = (id: string) => !living.some(({ record }) => record.id === id);
  await running.clear(isOver);
  if (standsStill) await machine.pause();
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
  void supervise(engine, containerId, run);
}

/** What this daemon could not take up has ended while none ran. */
async function bookLost(
  engine: Engine,
  reasons: ReadonlyMap<string, string | undefined>,
): Promise<void> {
  const lost = engine.containers.list().filter(({ state }) => state.kind === "detached");
  for (const record of lost) {
    const { id, name, run } = record;
    const error = reasons.get(machineOf(record) ?? "") ?? goneReason;
    engine.parts.log(`container ${name} ended while no daemon ran: ${error}`);
    await engine.containers.change(id, async (held) =>
      held.apply({
        ...{ kind: "ended", at: timestamp(), error },
        ...{ exitCode: lostExitCode, oomKilled: false },
      }),
    );
    if (run.removeWhenEnded) await removeContainer(engine, id, { force: true, volumes: true });
  }
}
