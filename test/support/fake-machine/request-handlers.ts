import type { ContainerSetup } from "../../../src/agent/agent-types.ts";
import { containerStates, type request } from "../../../src/agent/protocol.ts";
import type { MessageReader, MessageWriter } from "../../../src/agent/wire.ts";
import type { DiskSpec } from "../../../src/machine/machine.ts";
import {
  decodeCard,
  decodeContainer,
  decodeLimits,
  decodeMachine,
  decodePreparation,
  decodeProcess,
  decodeTexts,
  GuestFailure,
} from "./agent-messages.ts";
import { notExecutable, type Program } from "./programs.ts";
import { ScriptedContainer } from "./scripted-container.ts";
import { fileRecords } from "./scripted-files.ts";
import type { ScriptedGuest } from "./scripted-guest.ts";
import type { ScriptedProcess } from "./scripted-process.ts";

/** Does what a request asks, and writes the result of its answer; a refusal is thrown. */
type Handler = (agent: ScriptedGuest, from: MessageReader, to: MessageWriter) => void;

/** What the guest does for each request of the protocol. */
export const requestHandlers: Record<keyof typeof request, Handler> = {
  prepare: (agent, from) => {
    if (agent.state.preparation !== undefined || agent.isSetUp)
      throw new GuestFailure("conflict", "cannot prepare the machine: it was done already");
    const preparation = decodePreparation(from);
    if (preparation.image) requireImage(agent, preparation.disks.image);
    agent.state.preparation = preparation;
  },

  rehearse: (agent, from) => {
    if (agent.state.preparation?.image !== true)
      throw new GuestFailure("conflict", "cannot rehearse: there is no image");
    decodeMachine(from);
    if (from.text() !== "") throw new GuestFailure("invalid", "cannot rehearse with a container");
    decodeContainer(from);
    programOf(agent, decodeProcess(from).args[0] ?? "");
    agent.state.rehearsals += 1;
  },

  setUp: (agent, from) => {
    if (agent.isSetUp)
      throw new GuestFailure("conflict", "cannot set the machine up: it was done already");
    decodeMachine(from);
    from.end();
    agent.isSetUp = true;
  },

  create: (agent, from) => {
    const id = from.text();
    const setup = decodeContainer(from);
    from.end();
    if (!agent.isSetUp)
      throw new GuestFailure("conflict", "cannot make a container: its machine is not set up");
    if (agent.containers.has(id))
      throw new GuestFailure("conflict", `there is a container ${id} already`);
    checkDevices(agent, setup);
    for (const other of Object.values(setup.shares ?? {}))
      if (!agent.containers.has(other))
        throw new GuestFailure("notFound", `there is no container "${other}"`);
    agent.containers.set(id, new ScriptedContainer(id, setup));
    agent.script.setups.push(setup);
  },

  update: (agent, from) => {
    const container = containerIn(agent, from);
    container.setup.limits = decodeLimits(from);
    from.end();
  },

  attachCard: (agent, from) => {
    const { setup } = containerIn(agent, from);
    const card = decodeCard(from);
    from.end();
    checkCard(agent, card.index);
    const others = setup.network.cards.filter(({ index }) => index !== card.index);
    if (others.some(({ name }) => name === card.name))
      throw new GuestFailure("conflict", `cannot name a network card ${card.name}: one has it`);
    setup.network.cards = [...others, card];
  },

  detachCard: (agent, from) => {
    const { setup } = containerIn(agent, from);
    const detached = from.u8();
    from.end();
    setup.network.cards = setup.network.cards.filter(({ index }) => index !== detached);
  },

  names: (agent, from) => {
    const { setup } = containerIn(agent, from);
    const [removed, added] = [decodeTexts(from), decodeTexts(from)];
    const [before, after, relay] = [from.text(), from.text(), from.text()];
    from.end();
    const { naming } = setup;
    const kept = naming.hosts.split("\n").filter((line) => line !== "" && !removed.includes(line));
    setup.naming = {
      hosts: [...kept, ...added].map((line) => `${line}\n`).join(""),
      resolver: naming.resolver === before ? after : naming.resolver,
      relay: relay === "" ? naming.relay : relay,
    };
  },

  destroy: (agent, from) => {
    const container = containerIn(agent, from);
    for (const process of container.processes.values()) process.drop();
    agent.containers.delete(container.id);
  },

  start: (agent, from, to) => {
    const container = containerIn(agent, from);
    if (container.state !== "created")
      throw new GuestFailure("conflict", "cannot start the container: it was started already");
    const spec = decodeProcess(from);
    const program = programOf(agent, spec.args[0] ?? "");
    tell(agent.start(container, { spec, program, kind: "main" }), to);
  },

  exec: (agent, from, to) => {
    const container = containerIn(agent, from);
    if (container.state !== "started")
      throw new GuestFailure("conflict", "cannot exec: the container does not run");
    const spec = decodeProcess(from);
    const program = programOf(agent, spec.args[0] ?? "");
    tell(agent.start(container, { spec, program, kind: "further" }), to);
  },

  resize: (agent, from) => {
    void named(agent, from).resize(from.u32(), from.u32());
  },

  signal: (agent, from) => {
    void named(agent, from).signal(from.u32());
  },

  release: (agent, from) => {
    const { id } = named(agent, from);
    for (const { processes } of agent.containers.values()) processes.delete(id);
  },

  processes: (agent, from, to) => {
    const living = containerIn(agent, from).living();
    to.u32(100).u32(4096).u64(60_000).u64(500_000_000);
    to.list(living, ({ pid, id, spec }) => {
      const [name = ""] = spec.args;
      to.u32(pid).u32(id).text(name).text(statFields).text(spec.args.join(" ")).u64(0);
      to.u32(0).u32(0).u32(0).u32(0).text("root").text("root");
    });
  },

  statistics: (agent, from, to) => {
    const container = containerIn(agent, from);
    const living = container.living();
    to.u64(10_000_000)
      .u64(500_000_000)
      .u64(2n ** 64n - 1n);
    to.u64(60_000_000_000)
      .u32(agent.board.spec.cpus)
      .u64(living.length)
      .u64(2n ** 64n - 1n);
    to.list(container.setup.network.cards, ({ name }) => {
      to.text(name);
      for (const value of [1000, 10, 0, 0, 2000, 20, 0, 0]) to.u64(value);
    });
    to.text("usage_usec 2000000\nuser_usec 1500000\nsystem_usec 500000\n");
    to.text("anon 4096\nfile 8192\ninactive_file 1000000\n").text("low 0\noom 0\n");
    to.text("254:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n");
  },

  freeze: (agent, from) => containerIn(agent, from).freeze(),
  thaw: (agent, from) => containerIn(agent, from).thaw(),

  health: (agent, from) => {
    const container = containerIn(agent, from);
    const times = { intervalNs: from.size(), timeoutNs: from.size() };
    const starting = { startPeriodNs: from.size(), startIntervalNs: from.size() };
    const retries = from.u32();
    container.healthCheck = { ...times, ...starting, retries, probe: decodeProcess(from) };
  },

  /** The machine leaves when it is answered. */
  shutDown: () => {},

  resume: (agent, _from, to) => {
    const containers = [...agent.containers.values()];
    to.list(containers, ({ id, state }) => to.text(id).u8(containerStates.indexOf(state)));
    const processes = containers.flatMap((container, place) =>
      [...container.processes.values()].map((process) => ({ process, place })),
    );
    to.list(processes, ({ process, place }) => process.resumed(to, place));
  },

  space: (agent, from) => {
    agent.spaceBytes = from.u64();
  },

  clock: (_agent, _from, to) => {
    to.u64(process.hrtime.bigint());
  },

  setClock: (agent, from, to) => {
    const reading = { guestNs: from.u64(), hostNs: from.u64(), doubtNs: from.u64() };
    from.end();
    agent.clockSettings.push(reading);
    to.u64(BigInt.asUintN(64, agent.clockBehindNs));
    agent.clockBehindNs = 0n;
  },

  files: (agent, from, to) => {
    const container = containerIn(agent, from);
    const [operation] = [from.u8(), from.u8()];
    const records = fileRecords(agent.script.files, operation, from.text(), from.text());
    const program: Program = async ({ write }) => {
      await write(records);
      return 0;
    };
    tell(agent.start(container, { spec: plainProcess(["files"]), program, kind: "own" }), to);
  },

  boot: (_agent, _from, to) => {
    to.u64(1_000_000).u64(480_000_000).u64(470_000_000);
  },

  record: () => {
    throw new GuestFailure("unsupported", "cannot record: this kernel has no recorder");
  },
};

function tell({ id, pid }: ScriptedProcess, to: MessageWriter): void {
  to.u32(id).u32(pid);
}

function programOf({ script }: ScriptedGuest, name: string): Program {
  const program = script.programs[name];
  if (program !== undefined) return program;
  if (notExecutable.includes(name))
    throw new GuestFailure("commandNotExecutable", `exec: "${name}": permission denied`);
  throw new GuestFailure("commandNotFound", `exec: "${name}": executable file not found in $PATH`);
}

function containerIn({ containers }: ScriptedGuest, from: MessageReader): ScriptedContainer {
  const id = from.text();
  const container = containers.get(id);
  if (container === undefined) throw new GuestFailure("notFound", `there is no container "${id}"`);
  return container;
}

function named({ containers }: ScriptedGuest, from: MessageReader): ScriptedProcess {
  const id = from.u32();
  for (const { processes } of containers.values()) {
    const process = processes.get(id);
    if (process !== undefined) return process;
  }
  throw new GuestFailure("notFound", `there is no process ${id}`);
}

/** A guest has what its machine has, and each disk for one container. */
function checkDevices(agent: ScriptedGuest, { disks, network }: ContainerSetup): void {
  requireImage(agent, disks.image);
  requireDisk(agent, disks.scratch);
  for (const { id, setup } of agent.containers.values())
    if (setup.disks.scratch === disks.scratch)
      throw new GuestFailure(
        "conflict",
        `cannot use disk ${disks.scratch}: it is container ${id}'s`,
      );
  for (const { index } of network.cards) checkCard(agent, index);
}

function checkCard({ board }: ScriptedGuest, index: number): void {
  if (index >= board.spec.nics.length)
    throw new GuestFailure("unavailable", `cannot use network card ${index}: there is none`);
}

function requireImage(agent: ScriptedGuest, name: string): void {
  if (requireDisk(agent, name).format === "empty")
    throw new GuestFailure("internal", `cannot mount the image: disk ${name} is empty`);
}

function requireDisk({ board }: ScriptedGuest, name: string): DiskSpec {
  const disk = board.spec.disks.find((one) => one.name === name);
  if (disk !== undefined) return disk;
  throw new GuestFailure("unavailable", `cannot find disk ${name}: there is no such disk`);
}

function plainProcess(args: string[]) {
  return {
    ...{ args, env: [], cwd: "/", user: "", groupsAdd: [], tty: false, rows: 0, columns: 0 },
    ...{ stdin: false, capabilities: 0n, privileged: false, noNewPrivileges: false, rlimits: [] },
  };
}

/** Of /proc/PID/stat after the name: 1 s of processor time, begun 50 ms after the machine. */
const statFields = [
  ...["S", 0, 0, 0, 0, 0, 4_194_560, 10, 0, 1, 0, 70, 30, 0, 0, 20, 0, 1, 0, 5000],
  ...[2_322_432, 350, ...Array.from({ length: 14 }, () => 0), 0, 0, 0],
].join(" ");
