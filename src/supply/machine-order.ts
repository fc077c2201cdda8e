import type {
  CardSetup,
  ContainerSetup,
  MachineSetup,
  ProcessSpec,
} from "../agent/agent-client.ts";
import type { FreeSpace } from "../host/free-space.ts";
import type { Kernel } from "../kernel/kernel-catalogue.ts";
import type { Hypervisor, MachineSpec } from "../machine/machine.ts";
import type { TemplateStore } from "../machine/template-store.ts";
import type { BootedMachine } from "./boot-machine.ts";
import type { PoolLimits } from "./pool-size.ts";

export interface SupplyParts {
  hypervisor: Hypervisor;
  templates: TemplateStore;
  /** Off: every machine is booted. */
  useTemplates: boolean;
  pool: PoolLimits;
  dataRoot: string;
  /** What its disk still takes. */
  freeSpace(): Promise<FreeSpace>;
  runRoot: string;
  /** Of the interface behind card `index` of a machine. */
  tapName(machineId: string, index: number): string;
  log(message: string): void;
}

/** `pool`: it stood ready; `clone`: of a template; `cold`: it was booted. */
export type MachineOrigin = "pool" | "clone" | "cold";

/** What a machine goes through before it is used, so that it is quicker then. */
export interface Rehearsal {
  process: ProcessSpec;
  /** `mac`: of the machine's network card, if it has one. */
  setup(mac: string | undefined): ContainerSetup;
  /** What makes a machine one of its own, anew each time. */
  machine(): MachineSetup;
}

/** A machine that somebody asks for. */
export interface MachineOrder {
  /**
   * Its first disk is the image, its second the scratch disk. Id and run folder are a new machine's;
   * one that stood ready has its own.
   */
  spec: MachineSpec;
  kernel: Kernel;
  scratch: { path: string; isNew: boolean };
  /** How its first cards are set up before it is known whose they will be. */
  preparedCards: CardSetup[];
  imageId: string;
  noTemplate: boolean;
  /**
   * What a machine with the image may rehearse; undefined when something is asked for that forbids
   * to mount the image ahead.
   */
  rehearsed: Rehearsal | undefined;
}

export interface SuppliedMachine extends BootedMachine {
  origin: MachineOrigin;
  /** There was no template of this kind, and it was made first. */
  madeTemplate: boolean;
  /** Of its network card, where it has another one than was ordered. */
  mac?: string | undefined;
}
