import type { HealthReport } from "../../agent/agent-client.ts";
import { describeError } from "../../base/errors.ts";
import { goDuration } from "../../base/go-duration.ts";
import { newId } from "../../base/ids.ts";
import { timestampOfNs } from "../../base/timestamps.ts";
import type { Engine } from "../core.ts";
import { probeProcessSpec } from "../plan.ts";
import {
  type ContainerRecord,
  healthAfter,
  type Probe,
  type RunSpecification,
} from "../records.ts";
import type { Run } from "../runs.ts";
import { noProcess } from "./exec-failure.ts";

type Check = NonNullable<RunSpecification["health"]>;
type Result = HealthReport["last"][number];

/** Has the agent check the container, which has just been started, and listens. */
export function beginHealth(engine: Engine, record: ContainerRecord, run: Run): void {
  const { id, run: specification } = record;
  const { health } = specification;
  if (health === undefined) return;
  watchHealth(engine, record, { run, isNew: true });
  const { args, ...times } = health;
  const probe = probeProcessSpec(specification, args);
  run.machine.agent.checkHealth(id, { ...times, probe }).catch((error: unknown) => {
    if (!run.isOver) engine.parts.log(`cannot check container ${id}: ${describeError(error)}`);
  });
}

/** Listens to what the agent tells; `isNew`: this daemon has started the run. */
export function watchHealth(
  engine: Engine,
  { id, run: { health } }: ContainerRecord,
  { run, isNew }: { run: Run; isNew: boolean },
): void {
  if (health === undefined) return;
  const probes = new ProbeEvents(engine, id, health, isNew ? 0 : undefined);
  run.machine.agent.onHealth(id, (report) => {
    const record = engine.containers.get(id);
    if (record === undefined || !("run" in record.state) || record.state.run !== run) return;
    probes.tell(report);
    takeReport(engine, record, health, report);
  });
}

function takeReport(
  engine: Engine,
  { id, health: before }: ContainerRecord,
  check: Check,
  report: HealthReport,
): void {
  if (before === undefined) return;
  const last = report.last.map((result) => probeOf(result, check));
  const health = healthAfter(before, { ...report, last });
  if (health === before) return;
  if (health.status === before.status) return engine.containers.recall(id, { health });
  engine.containers.note(id, { health });
  const now = engine.containers.get(id);
  if (now !== undefined) engine.announce(`health_status: ${health.status}`, now);
}

/** In Docker's words. */
function probeOf(result: Result, { timeoutNs }: Check): Probe {
  const times = { start: timestampOfNs(result.beganNs), end: timestampOfNs(result.endedNs) };
  const output = result.output.toString("utf8") + (result.isCut ? "..." : "");
  switch (result.end) {
    case "ran":
      return { ...times, exitCode: result.exitCode, output };
    case "late": {
      const words = `Health check exceeded timeout (${goDuration(timeoutNs)})`;
      return { ...times, exitCode: -1, output: output === "" ? words : `${words}: ${output}` };
    }
    case "failed":
      return { ...times, exitCode: -1, output: noProcess + output };
  }
}

/** Docker's code of a probe that it has ended. */
const endedCode = 127;

/** Announces probes as the execs that they are with Docker. */
class ProbeEvents {
  readonly #engine: Engine;
  readonly #id: string;
  readonly #command: string;
  /** How many were announced; undefined: an earlier daemon did. */
  #begun: number | undefined;
  #running: string | undefined;

  constructor(engine: Engine, id: string, { args }: Check, begun: number | undefined) {
    this.#engine = engine;
    this.#id = id;
    const [program = "", ...rest] = args;
    this.#command = `${program} ${rest.join(" ")}`;
    this.#begun = begun;
  }

  tell({ probes, isProbing, last }: HealthReport): void {
    if (this.#begun !== undefined && probes > this.#begun) {
      this.#end(last.at(-2)); // of one that another has followed already
      this.#begin();
    }
    this.#begun = probes;
    if (!isProbing) this.#end(last.at(-1));
  }

  #begin(): void {
    this.#running = newId();
    this.#announce(`exec_create: ${this.#command}`, {});
    this.#announce(`exec_start: ${this.#command}`, {});
  }

  #end(result: Result | undefined): void {
    if (this.#running === undefined) return;
    const exitCode = result?.end === "ran" ? result.exitCode : endedCode;
    if (result?.end !== "failed") this.#announce("exec_die", { exitCode: String(exitCode) });
    this.#running = undefined;
  }

  #announce(action: string, more: Record<string, string>): void {
    const record = this.#engine.containers.get(this.#id);
    if (record !== undefined)
      this.#engine.announce(action, record, { execID: this.#running ?? "", ...more });
  }
}
