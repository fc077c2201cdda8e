import type { GuestProcess } from "../../agent/agent-client.ts";
import { DvmError } from "../../base/errors.ts";
import { newId } from "../../base/ids.ts";
import type { ExecRequest } from "../records.ts";

export type ExecState =
  | { kind: "created" }
  | { kind: "starting" }
  | { kind: "running"; process: GuestProcess }
  | { kind: "exited"; exitCode: number; pid: number };

export interface Exec {
  readonly id: string;
  readonly containerId: string;
  readonly request: ExecRequest;
  /** Settles when it has been started, or could not be. */
  readonly started: PromiseWithResolvers<void>;
  state: ExecState;
}

/** How many ended execs of one container are remembered. */
const keptPerContainer = 256;

/** Further processes of running containers; they live in memory, and go with the run. */
export class ExecTable {
  readonly #execs = new Map<string, Exec>();

  add(containerId: string, request: ExecRequest): Exec {
    const started = Promise.withResolvers<void>();
    const exec: Exec = { id: newId(), containerId, request, started, state: { kind: "created" } };
    this.#execs.set(exec.id, exec);
    const ended = this.ofContainer(containerId).filter((one) => one.state.kind === "exited");
    for (const { id } of ended.slice(0, -keptPerContainer)) this.#execs.delete(id);
    return exec;
  }

  find(id: string): Exec {
    const exec = this.#execs.get(id);
    if (exec === undefined) throw new DvmError("not-found", `No such exec instance: ${id}`);
    return exec;
  }

  ofContainer(containerId: string): Exec[] {
    return [...this.#execs.values()].filter((exec) => exec.containerId === containerId);
  }

  /** The container has gone. */
  removeContainer(containerId: string): void {
    for (const { id } of this.ofContainer(containerId)) this.#execs.delete(id);
  }

  /** The run is over: ended execs can still be asked for, those never started are gone. */
  forgetContainer(containerId: string): void {
    for (const exec of this.ofContainer(containerId)) {
      if (exec.state.kind === "created") this.#execs.delete(exec.id);
    }
  }
}
