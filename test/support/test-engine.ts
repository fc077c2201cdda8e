import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { buildServer, listen } from "../../src/api/server.ts";
import type { LogOptions } from "../../src/client/container-calls.ts";
import { EngineClient } from "../../src/client/engine-client.ts";
import {
  asObject,
  asObjects,
  parseJson,
  requireText,
  type JsonObject,
} from "../../src/client/json.ts";
import { Engine, type EngineParts } from "../../src/engine/core/engine.ts";
import { defaultSettings, type EngineSettings } from "../../src/engine/core/engine-settings.ts";
import { watchEgress } from "../../src/engine/upkeep/watch-egress.ts";
import { keepClocks } from "../../src/engine/upkeep/keep-clocks.ts";
import type { ContainerRecord } from "../../src/engine/records.ts";
import { reconcile } from "../../src/engine/upkeep/reconcile.ts";
import { DiskReserve } from "../../src/host/disk-reserve.ts";
import { freeSpace, type FreeSpace } from "../../src/host/free-space.ts";
import { places, type Places } from "../../src/host/places.ts";
import { ImageStore } from "../../src/image/store/image-store.ts";
import { LayerDownloads } from "../../src/image/transfer/layer-downloads.ts";
import { fakeHypervisor } from "../../src/machine/drivers/fake/fake-driver.ts";
import type { Kernel } from "../../src/kernel/kernel-catalogue.ts";
import type { Capabilities, Hypervisor } from "../../src/machine/machine.ts";
import { TemplateStore } from "../../src/machine/template-store.ts";
import { faultsOf, keepAnswers, type KeptAnswer } from "./api-description/watch-answers.ts";
import { testCache } from "./cache.ts";
import { outputOf } from "./docker-output.ts";
import { machineScript, scriptedGuests } from "./fake-machine/machine-script.ts";
import type { Program } from "./fake-machine/programs.ts";
import type { MachineScript, ScriptedGuest } from "./fake-machine/scripted-guest.ts";
import { FakeSwitch } from "./fake-switch.ts";
import { FakeForwarders } from "./fake-forwarders.ts";
import { KnownNames } from "./known-names.ts";
import { ServedFiles } from "./served-files.ts";
import { makeTestImages, testImage } from "./test-image.ts";

export interface TestEngineOptions {
  /** What containers can run, beside the standard programs. */
  programs?: Record<string, Program>;
  /** Machines are cloned of templates; else each one is booted. */
  templates?: boolean;
  /** Machines that stand ready for each shape. */
  pool?: number;
  /** What the driver can do, where it isn't everything. */
  can?: Partial<Capabilities>;
}

export interface CreateOptions {
  name?: string;
  HostConfig?: object;
  [field: string]: unknown;
}

/** Answer of the API to a plain request. */
export interface Answer {
  status: number;
  headers: Record<string, unknown>;
  /** Parsed; undefined for an empty one. */
  body: JsonObject;
}

interface Daemon {
  engine: Engine;
  app: FastifyInstance;
  client: EngineClient;
  clocks: Disposable;
  egress: Disposable;
}

/** The API over a real engine with real stores, whose machines are fake ones with scripted guests. */
export class TestEngine implements AsyncDisposable {
  readonly root: string;
  readonly script: MachineScript;
  /** Machines are its, and outlive daemons. A test may put another one in its place. */
  hypervisor: Hypervisor;
  /** What guests are let have of the host. */
  readonly served = new ServedFiles();
  /** What opens ports of machines on the switch. */
  readonly forwarders = new FakeForwarders();
  /** Who is to be found by which names. */
  readonly names = new KnownNames();
  /** What carries networks, where the driver has cards for it. */
  readonly switch = new FakeSwitch();
  /** What its disk seems to have, where a test says so. */
  free: Partial<FreeSpace> = {};
  /** All that its daemons answered, but streams. */
  readonly answers: KeptAnswer[] = [];
  /** What the daemons wrote to their log. */
  readonly log: string[] = [];
  /** How its daemons were told to work. */
  settings: EngineSettings = defaultSettings;
  readonly #options: TestEngineOptions;
  #daemon: Daemon | undefined;

  private constructor(root: string, options: TestEngineOptions) {
    this.root = root;
    this.#options = options;
    this.script = machineScript(options.programs);
    this.hypervisor = fakeHypervisor(scriptedGuests(this.script), options.can);
  }

  static async open(options: TestEngineOptions = {}): Promise<TestEngine> {
    const made = new TestEngine(await mkdtemp(join(tmpdir(), "dvm-test-")), options);
    await made.#prepare();
    await made.startDaemon();
    return made;
  }

  /** Over the daemon's socket: for streams. */
  get client(): EngineClient {
    return this.#running.client;
  }

  get socketPath(): string {
    return this.#places.socketPath;
  }

  /** What is kept of a container. */
  recordOf(id: string): ContainerRecord {
    return this.#running.engine.containers.find(id);
  }

  /** Who is in the machine of a container that runs. */
  guestOf(id: string): ScriptedGuest | undefined {
    return [...this.script.guests].find(({ containers }) => containers.has(id));
  }

  async startDaemon(): Promise<void> {
    const engine = await Engine.open(await this.#parts());
    await reconcile(engine);
    const clocks = keepClocks(engine);
    const egress = watchEgress(engine);
    const app = buildServer(engine);
    keepAnswers(app, this.answers);
    await listen(app, this.socketPath);
    const client = new EngineClient({ socketPath: this.socketPath });
    this.#daemon = { engine, app, client, clocks, egress };
  }

  /** The daemon goes, its machines stay. */
  async endDaemon(): Promise<void> {
    const { engine, app, client, clocks, egress } = this.#running;
    this.#daemon = undefined;
    clocks[Symbol.dispose]();
    egress[Symbol.dispose]();
    client[Symbol.dispose]();
    await app.close();
    await engine[Symbol.asyncDispose]();
  }

  /** A plain request. */
  async api(
    method: "GET" | "POST" | "DELETE" | "HEAD",
    url: string,
    body?: object,
  ): Promise<Answer> {
    const answer = await this.#running.app.inject({
      method,
      url,
      ...(body === undefined ? {} : { payload: body }),
    });
    const { statusCode: status, headers, body: text } = answer;
    return { status, headers, body: text === "" ? {} : asObject(parseJson(text)) };
  }

  /** Its id. `more`: further fields of the body. */
  async create(command: string[], more: CreateOptions = {}): Promise<string> {
    const { name, ...fields } = more;
    const query = name === undefined ? "" : `?name=${name}`;
    const body = { Image: testImage, Cmd: command, ...fields };
    const answer = await this.api("POST", `/containers/create${query}`, body);
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return requireText(answer.body, "Id");
  }

  /** Creates and starts a container. Its id. */
  async run(command: string[], more: CreateOptions = {}): Promise<string> {
    const id = await this.create(command, more);
    await this.succeeds("POST", `/containers/${id}/start`);
    return id;
  }

  /** A plain request that must succeed. */
  async succeeds(
    method: "GET" | "POST" | "DELETE",
    url: string,
    body?: object,
  ): Promise<JsonObject> {
    const answer = await this.api(method, url, body);
    assert(
      answer.status < 300,
      `${method} ${url}: ${answer.status} ${JSON.stringify(answer.body)}`,
    );
    return answer.body;
  }

  /** A plain request that a list answers. */
  async list(url: string, method: "GET" | "DELETE" = "GET"): Promise<JsonObject[]> {
    const { statusCode, body } = await this.#running.app.inject({ method, url });
    assert.equal(statusCode, 200, `${url}: ${body}`);
    return asObjects(parseJson(body));
  }

  /** What inspect says of its state. */
  async state(name: string): Promise<JsonObject> {
    return asObject((await this.succeeds("GET", `/containers/${name}/json`))["State"]);
  }

  /** As `exited 3`. */
  async status(name: string): Promise<string> {
    const { Status, ExitCode } = await this.state(name);
    return `${String(Status)} ${String(ExitCode)}`;
  }

  /** Returns when it has ended: its exit code. */
  async wait(name: string): Promise<number> {
    const { exit } = await this.client.containers.wait(name);
    return (await exit).code;
  }

  /** Its output so far, both streams, or with `follow` to its end. */
  async logs(name: string, options: Partial<LogOptions> = {}): Promise<string> {
    const log = await this.client.containers.logs(name, { stdout: true, stderr: true, ...options });
    return (await outputOf(log)).all;
  }

  /** Returns when its output holds `text`. */
  async printed(name: string, text: string): Promise<void> {
    const wants = { stdout: true, stderr: true, follow: true };
    const log = await this.client.containers.logs(name, wants);
    const { all } = await outputOf(log, { enough: (all) => all.includes(text) });
    assert(all.includes(text), `${name} printed ${JSON.stringify(all)}, never ${text}`);
  }

  /** What happened to a container so far, as `create`, `start`, …; of `actions` only, if given. */
  async events(name: string, actions?: string[]): Promise<string[]> {
    const told = await this.eventObjects(name, actions);
    return told.map((event) => requireText(event, "Action"));
  }

  /** What happened to volumes. */
  async volumeEvents(since: number): Promise<JsonObject[]> {
    return this.eventsSince(since, JSON.stringify({ type: ["volume"] }));
  }

  async eventObjects(name: string, actions?: string[]): Promise<JsonObject[]> {
    const filters = JSON.stringify({ container: [name], event: actions });
    return this.eventsSince(1, filters);
  }

  /** All that has happened since a moment, in seconds; that passes, if `filters` are given. */
  async eventsSince(since: number | string, filters = "{}"): Promise<JsonObject[]> {
    const until = ((Date.now() + 1) / 1000).toFixed(3);
    const query = new URLSearchParams({ since: String(since), until, filters });
    const answer = await this.#running.app.inject({
      method: "GET",
      url: `/events?${query.toString()}`,
    });
    const lines = answer.body.split("\n").filter((line) => line !== "");
    return lines.map((line) => asObject(parseJson(line)));
  }

  /** Ends everything; a machine that outlives its container fails the test. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.script.faults.clear();
    try {
      if (this.#daemon === undefined) await this.startDaemon();
      for (const { Id } of await this.client.containers.list({ all: true }))
        await this.succeeds("DELETE", `/containers/${String(Id)}?force=1&v=1`);
      await this.endDaemon();
      assert.equal(this.script.guests.size, 0, "machines that were left running");
      assert.deepEqual(await faultsOf(this.answers), [], "answers are as Docker describes them");
    } finally {
      for (const { board } of this.script.guests) board.leave();
      await rm(this.root, { recursive: true, force: true });
    }
  }

  get #running(): Daemon {
    assert(this.#daemon !== undefined, "no daemon runs");
    return this.#daemon;
  }

  get #places(): Places {
    const [dataRoot, runRoot] = [join(this.root, "data"), join(this.root, "run")];
    return places({ dataRoot, runRoot, environment: {}, uid: 0 });
  }

  /** Formatting a scratch disk takes longer than most tests: one serves all. */
  async #prepare(): Promise<void> {
    const shared = join(testCache, "data", "scratch");
    await mkdir(shared, { recursive: true });
    await mkdir(join(this.root, "data"));
    await symlink(shared, join(this.root, "data", "scratch"));
    await makeTestImages(join(this.root, "data", "images"));
  }

  async #parts(): Promise<EngineParts> {
    const where = this.#places;
    const images = await ImageStore.open(join(where.dataRoot, "images"));
    const { templates = false, pool = 0 } = this.#options;
    return {
      places: where,
      settings: () => this.settings,
      reserve: new DiskReserve(where.dataRoot),
      freeSpace: async () => ({ ...(await freeSpace(where.dataRoot)), ...this.free }),
      images,
      downloads: await LayerDownloads.open(images.root),
      registries: { folders: { settings: [], certificates: [] }, environment: {} },
      hypervisor: this.hypervisor,
      fileServers: this.served,
      hostCpus: 2,
      hostMemoryBytes: 4 * 2 ** 30,
      chooseKernel: async () => testKernel,
      hostResolver: async () => ({
        ...{ path: "/etc/resolv.conf", servers: ["192.0.2.53"], search: [], options: [] },
        ...{ others: [], invalid: [] },
        given: { nameservers: [], search: [], options: [] },
      }),
      names: this.names,
      switch: this.switch,
      tscKhz: async () => undefined,
      forwarder: ({ folder }) => this.forwarders.of(folder),
      templates: await TemplateStore.open(join(where.dataRoot, "templates")),
      useTemplates: templates,
      pool: { perShape: pool, machines: 3 * pool },
      trust: { paths: [], mustExist: false },
      log: (message, level) => {
        if (level !== "debug") this.log.push(message);
      },
    };
  }
}

const testKernel: Kernel = {
  name: "fake",
  path: "/no/kernel",
  release: "6.1.0-fake",
  digest: "sha256:00",
  initramfs: "/no/initramfs",
  discovery: "cmdline",
  sizeBytes: 0,
};
