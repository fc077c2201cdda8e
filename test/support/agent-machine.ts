import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  unconfined,
  AgentClient,
  type ContainerSetup,
  type ProcessSpec,
} from "../../src/agent/agent-client.ts";
import type { OutputStream } from "../../src/agent/output-stream.ts";
import { bootMachine } from "../../src/supply/boot-machine.ts";
import { capabilityMask } from "../../src/engine/plan/capability-mask.ts";
import { hostTscKhz } from "../../src/host/tsc.ts";
import { ImageStore } from "../../src/image/store/image-store.ts";
import { agentBinary } from "../../src/kernel/agent-binary.ts";
import { chooseKernel } from "../../src/kernel/kernel-catalogue.ts";
import type {
  DiskContent,
  DiskSpec,
  Machine,
  MachineSpec,
  NicSpec,
} from "../../src/machine/machine.ts";
import { userNetwork } from "../../src/network/user-network.ts";
import { fileServers } from "../../src/sharing/file-servers.ts";
import { makeScratchDisk } from "../../src/storage/scratch.ts";
import { testCache } from "./cache.ts";
import { staticBusybox } from "./made-guest.ts";
import { dockerArchive, makeTar, streamOf } from "./tar.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { testQemu } from "./test-qemu.ts";
import { noLimits } from "../../src/engine/plan/container-limits.ts";

const tests = join(testCache, "data");
const deadlineMs = 60_000;

interface MachineOptions {
  /** Pairs of disks, all of them empty at first. */
  slots: number;
  /** How many, each on a network of its own; or these. */
  nics?: number | NicSpec[];
  cpus?: number;
  /** A folder that is shared as `share0`. */
  share?: { path: string };
}

/** A machine with the real agent and no container, and images to fill its disks with. */
export class AgentMachine implements AsyncDisposable {
  readonly machine: Machine;
  agent: AgentClient;
  readonly #folder: string;
  readonly #images: ImageStore;
  readonly #stack: AsyncDisposableStack;
  #scratches = 0;

  private constructor(parts: {
    machine: Machine;
    agent: AgentClient;
    folder: string;
    images: ImageStore;
    stack: AsyncDisposableStack;
  }) {
    this.machine = parts.machine;
    this.agent = parts.agent;
    this.#folder = parts.folder;
    this.#images = parts.images;
    this.#stack = parts.stack;
  }

  static async boot(options: MachineOptions): Promise<AgentMachine> {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(await temporaryFolder()).path;
    const images = stack.use(await ImageStore.open(join(folder, "images")));
    const runFolder = join(folder, "run");
    await mkdir(runFolder);
    const { machine, agent } = await bootMachine(testQemu(), await spec(options, runFolder));
    stack.defer(() => machine.kill());
    if (options.share !== undefined) {
      const place = { folder: runFolder, machineSocket: machine.filesSocket };
      const server = await fileServers(tests).open(place);
      stack.defer(() => server.gone);
      stack.defer(() => machine.kill());
      await server.add([
        { ...options.share, name: "share0", readOnly: false, watched: false, owners: "real" },
      ]);
    }
    return new AgentMachine({ machine, agent, folder, images, stack: stack.move() });
  }

  /** Another host comes, and this one's connection is gone. */
  async reconnect(): Promise<AgentClient> {
    await this.agent[Symbol.asyncDispose]();
    this.agent = await AgentClient.connect(this.machine.agentSocket, { deadlineMs });
    return this.agent;
  }

  /** Puts an image whose `/name` says `name`, and a new scratch disk, behind the disks of a slot. */
  async fill(slot: number, name: string): Promise<void> {
    const image: DiskContent = { format: "vmdk", path: await this.#image(name), readOnly: true };
    const scratch = join(this.#folder, `scratch-${(this.#scratches += 1)}.img`);
    await makeScratchDisk(tests, scratch);
    await this.machine.insertDisk(`image${slot}`, image);
    await this.machine.insertDisk(`scratch${slot}`, {
      ...{ format: "raw", path: scratch, readOnly: false },
    });
  }

  async empty(slot: number): Promise<void> {
    for (const { name, ...empty } of emptyDisks(slot)) await this.machine.ejectDisk(name, empty);
  }

  async setUp(): Promise<void> {
    await this.agent.setUp({ entropy: randomBytes(64) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.agent[Symbol.asyncDispose]();
    await this.#stack.disposeAsync();
  }

  async #image(name: string): Promise<string> {
    const links = ["sh", "cat", "echo", "ls", "sleep", "head", "tail", "wc", "hostname", "ip"];
    const layer = makeTar([
      ...["bin", "etc", "tmp"].map((path) => ({ path: `${path}/`, type: "5", mode: 0o755 })),
      { path: "bin/busybox", mode: 0o755, content: await staticBusybox() },
      ...links.map((link) => ({ path: `bin/${link}`, type: "2", link: "busybox" })),
      { path: "name", content: `${name}\n` },
      { path: "etc/passwd", content: "root:x:0:0::/:/bin/sh\n" },
    ]);
    const archive = makeTar(dockerArchive([layer], { name: `${name}:made` }));
    const [loaded] = await this.#images.load(streamOf(archive));
    assert(loaded !== undefined);
    return (await this.#images.disk(loaded.id)).path;
  }
}

async function spec(
  { slots, nics = 0, cpus = 1 }: MachineOptions,
  runFolder: string,
): Promise<MachineSpec> {
  const kernel = await chooseKernel(tests, "hyper");
  const tscKhz = await hostTscKhz(await agentBinary(tests), join(runFolder, "tsc"));
  return {
    id: "agent-machine",
    kernel: { path: kernel.path, initramfs: kernel.initramfs, discovery: kernel.discovery },
    ...{ accelerator: "tcg", cpus, memoryMiB: 256, runFolder },
    ...(tscKhz === undefined ? {} : { tscKhz }),
    disks: Array.from({ length: slots }, (_, slot) => emptyDisks(slot)).flat(),
    nics:
      typeof nics === "object"
        ? nics
        : Array.from({ length: nics }, (_, index) => ({
            ...{ kind: "user", mac: macOf(index), network: userNetwork, publish: [] },
          })),
  };
}

function emptyDisks(slot: number): DiskSpec[] {
  const bytes = 2 ** 40;
  return [
    { name: `image${slot}`, format: "empty", bytes, readOnly: true },
    { name: `scratch${slot}`, format: "empty", bytes, readOnly: false },
  ];
}

export function macOf(index: number): string {
  return `02:42:ac:11:00:0${index + 2}`;
}

/** What a container on the disks of `slot` is made of. */
export function containerOn(slot: number, changes: Partial<ContainerSetup> = {}): ContainerSetup {
  return {
    disks: { image: `image${slot}`, scratch: `scratch${slot}` },
    hostname: `host${slot}`,
    machineId: randomBytes(16).toString("hex"),
    readOnlyRoot: false,
    network: networkOf(""),
    naming: { hosts: "", resolver: "", relay: "" },
    mounts: [],
    shmSizeBytes: 2 ** 20,
    sysctls: {},
    privileged: false,
    confinement: unconfined,
    limits: noLimits,
    ...changes,
  };
}

/** A namespace with the machine's cards of these numbers, each in a subnet of its own. */
export function networkOf(namespace: string, cards: number[] = []): ContainerSetup["network"] {
  return {
    namespace,
    cards: cards.map((index) => ({
      ...{ index, name: `eth${index}`, mac: macOf(index + 4) },
      ...{ addresses: [`10.0.${index + 2}.15/24`], gateways: [], mtu: 0 },
    })),
  };
}

/** A line of shell. */
export function shell(line: string, changes: Partial<ProcessSpec> = {}): ProcessSpec {
  return {
    args: ["sh", "-c", line],
    env: ["PATH=/bin"],
    ...{ cwd: "/", user: "", groupsAdd: [], tty: false, rows: 0, columns: 0, stdin: false },
    capabilities: capabilityMask({ add: [], drop: [], privileged: false }),
    ...{ privileged: false, noNewPrivileges: false, rlimits: [] },
    ...changes,
  };
}

/** All that comes, as text. */
export async function textOf(stream: OutputStream): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += Buffer.from(chunk).toString();
  return text;
}

/** Up to and with the first line's end; the stream can be read on. */
export async function firstLine(stream: OutputStream): Promise<string> {
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await stream.next();
    if (done === true) break;
    text += Buffer.from(value).toString();
  }
  return text;
}

/** What a further process prints; one that fails fails the test. */
export async function run(agent: AgentClient, id: string, line: string): Promise<string> {
  const process = await agent.exec(id, shell(line));
  const [out, errors, { exitCode }] = await Promise.all([
    textOf(process.stdout),
    textOf(process.stderr),
    process.exited,
  ]);
  assert.equal(exitCode, 0, `${line}: ${errors}`);
  return out;
}
