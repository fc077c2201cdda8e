import { release } from "node:os";
import type { Engine } from "../engine/core.ts";
import { newestApiVersion } from "./api-version.ts";
import { dvmVersion } from "./system-description.ts";

const secondBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Routes whose time Docker's daemon counts as an action on a container. */
const actions: Record<string, string> = {
  "POST /containers/create": "create",
  "POST /containers/:name/start": "start",
  "DELETE /containers/:name": "delete",
  "GET /containers/:name/changes": "changes",
  "POST /commit": "commit",
};

/** Figures of the daemon in Prometheus' text format, under the names that dockerd gives them. */
export class Metrics {
  readonly #engine: Engine;
  readonly #actions = new Map<string, Histogram>();

  constructor(engine: Engine) {
    this.#engine = engine;
    for (const action of Object.values(actions)) this.#actions.set(action, new Histogram());
  }

  /** A request was answered. */
  count(method: string, route: string, milliseconds: number): void {
    const action = actions[`${method} ${route.replace(/:\w+/, ":name")}`];
    if (action !== undefined) this.#actions.get(action)?.add(milliseconds / 1000);
  }

  async text(): Promise<string> {
    const families = [
      ...this.#dockerFigures(),
      ...this.#machineFigures(),
      ...(await this.#processFigures()),
    ];
    return `${families.flat().join("\n")}\n`;
  }

  #dockerFigures(): string[][] {
    const { parts } = this.#engine;
    const states = { running: 0, paused: 0, stopped: 0 };
    for (const { state } of this.#engine.containers.list())
      states[state.kind === "paused" || state.kind === "running" ? state.kind : "stopped"] += 1;
    const info = {
      ...{
        version: dvmVersion,
        api_version: newestApiVersion,
        kernel: release(),
        os_type: "linux",
      },
      ...{ architecture: "x86_64", graphdriver: "erofs" },
    };
    return [
      histogram("engine_daemon_container_actions_seconds", this.#actions),
      family(
        "engine_daemon_container_states_containers",
        "gauge",
        "The count of containers in various states",
        [...Object.entries(states).map(([state, value]) => [{ state }, value] as const)],
      ),
      single(
        "engine_daemon_engine_cpus_cpus",
        "gauge",
        "The number of cpus that the host system of the engine has",
        parts.hostCpus,
      ),
      family(
        "engine_daemon_engine_info",
        "gauge",
        "The information related to the engine and the OS it is running on",
        [[info, 1]],
      ),
      single(
        "engine_daemon_engine_memory_bytes",
        "gauge",
        "The number of bytes of memory that the host system of the engine has",
        parts.hostMemoryBytes,
      ),
      single(
        "engine_daemon_events_total",
        "counter",
        "The number of events logged",
        this.#engine.events.emitted,
      ),
    ];
  }

  #machineFigures(): string[][] {
    const { machines, supply, parts } = this.#engine;
    const ready = [...supply.pool.ready().values()].reduce((sum, count) => sum + count, 0);
    return [
      single(
        "dvm_machines_running",
        "gauge",
        "Machines that containers are in",
        machines.running().length,
      ),
      single("dvm_pool_ready_machines", "gauge", "Machines that stand ready", ready),
      single(
        "dvm_pool_limit_machines",
        "gauge",
        "Machines that may stand ready",
        supply.pool.limits.machines,
      ),
      single("dvm_images", "gauge", "Images that are stored", parts.images.list().length),
    ];
  }

  async #processFigures(): Promise<string[][]> {
    const { rss, heapUsed } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    const free = await this.#engine.parts.freeSpace();
    return [
      single("process_resident_memory_bytes", "gauge", "Resident memory size in bytes", rss),
      single(
        "process_cpu_seconds_total",
        "counter",
        "Total user and system CPU time spent in seconds",
        (user + system) / 1e6,
      ),
      single(
        "process_start_time_seconds",
        "gauge",
        "Start time of the process since unix epoch in seconds",
        Math.round(Date.now() / 1000 - process.uptime()),
      ),
      single("nodejs_heap_size_used_bytes", "gauge", "Used heap of the daemon", heapUsed),
      single(
        "dvm_data_root_free_bytes",
        "gauge",
        "What the data root's disk still takes",
        free.bytes,
      ),
    ];
  }
}

class Histogram {
  readonly #counts = secondBuckets.map(() => 0);
  #sum = 0;
  #total = 0;

  add(seconds: number): void {
    this.#sum += seconds;
    this.#total += 1;
    secondBuckets.forEach((most, index) => {
      if (seconds <= most) this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    });
  }

  lines(name: string, action: string): string[] {
    const counts = secondBuckets.map((most, index) => [String(most), this.#counts[index]]);
    return [
      ...[...counts, ["+Inf", this.#total]].map(
        ([most, count]) => `${name}_bucket{action="${action}",le="${most}"} ${count}`,
      ),
      `${name}_sum{action="${action}"} ${this.#sum}`,
      `${name}_count{action="${action}"} ${this.#total}`,
    ];
  }
}

function histogram(name: string, values: ReadonlyMap<string, Histogram>): string[] {
  const head = heading(
    name,
    "histogram",
    "The number of seconds it takes to process each container action",
  );
  return [...head, ...[...values].flatMap(([action, value]) => value.lines(name, action))];
}

function heading(name: string, type: string, help: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

function single(name: string, type: string, help: string, value: number): string[] {
  return [...heading(name, type, help), `${name} ${value}`];
}

function family(
  name: string,
  type: string,
  help: string,
  values: (readonly [Record<string, string>, number])[],
): string[] {
  const lines = values.map(([labels, value]) => {
    const told = Object.entries(labels).map(([key, one]) => `${key}=${JSON.stringify(one)}`);
    return `${name}{${told.join(",")}} ${value}`;
  });
  return [...heading(name, type, help), ...lines];
}
