import type { ContainerSetup } from "../../../src/agent/agent-types.ts";
import type { ContainerState } from "../../../src/agent/protocol.ts";
import type { HealthCheck, HealthReport } from "../../../src/agent/health.ts";
import type { ScriptedProcess } from "./scripted-process.ts";

const killSignal = 9;

/** A container of a scripted guest; it ends with its first process, and stays until it is destroyed. */
export class ScriptedContainer {
  readonly id: string;
  readonly setup: ContainerSetup;
  /** Running or ended; one that has ended stays until the host releases it. */
  readonly processes = new Map<number, ScriptedProcess>();
  /** What it was asked to check, and tells nothing of by itself. */
  healthCheck: HealthCheck | undefined;
  /** What the host is told of that, again when another one comes. */
  health: HealthReport | undefined;
  #thaw: PromiseWithResolvers<void> | undefined;

  constructor(id: string, setup: ContainerSetup) {
    this.id = id;
    this.setup = setup;
  }

  get main(): ScriptedProcess | undefined {
    return [...this.processes.values()].find(({ isMain }) => isMain);
  }

  get state(): ContainerState {
    const { main } = this;
    if (main === undefined) return "created";
    return main.hasExited ? "ended" : "started";
  }

  living(): ScriptedProcess[] {
    return [...this.processes.values()].filter(({ hasExited }) => !hasExited);
  }

  get isFrozen(): boolean {
    return this.#thaw !== undefined;
  }

  freeze(): void {
    this.#thaw ??= Promise.withResolvers<void>();
  }

  thaw(): void {
    this.#thaw?.resolve();
    this.#thaw = undefined;
  }

  /** Settles when its processes may run: at once unless they are frozen. */
  async thawed(): Promise<void> {
    await this.#thaw?.promise;
  }

  /** Its first process has ended, and takes all others along. */
  async endAll(): Promise<void> {
    for (const process of this.living()) await process.signal(killSignal);
  }
}
