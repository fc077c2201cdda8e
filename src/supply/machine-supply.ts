import { mkdir, readFile, rm } from "node:fs/promises";
import { describeError } from "../base/errors.ts";
import type { Stopwatch } from "../base/stopwatch.ts";
import { isShort } from "../host/free-space.ts";
import type { MachineSpec } from "../machine/machine.ts";
import { withoutPorts } from "../machine/nics.ts";
import { canClone, requireSupport } from "../machine/support.ts";
import { shapeKey, type Shape, type Template } from "../machine/template-store.ts";
import { makeScratchDisk } from "../storage/scratch.ts";
import { bootMachine, type BootedMachine } from "./boot-machine.ts";
import { makeTemplate } from "./make-template.ts";
import type { MachineOrder, SuppliedMachine, SupplyParts } from "./machine-order.ts";
import { MachinePool } from "./machine-pool.ts";
import { takeScratch } from "./spare-scratch.ts";

const bootIdFile = "/proc/sys/kernel/random/boot_id";
/** From the moment a clone runs; 20 at once on two processors are up within four seconds. */
const cloneDeadlineMs = 20_000;

/** Brings machines up the quickest way there is: from the pool, as clones, or by a boot. */
export class MachineSupply implements AsyncDisposable {
  readonly pool: MachinePool;
  readonly #parts: SupplyParts;
  readonly #making = new Map<string, Promise<Template | undefined>>();
  /** Shapes that no template could be made of, until the daemon starts again. */
  readonly #hopeless = new Set<string>();
  readonly #closing = new AbortController();
  #hostBoot = "";

  constructor(parts: SupplyParts) {
    this.#parts = parts;
    this.pool = new MachinePool(parts, {
      template: async (shape, order) =>
        (await parts.templates.find(shapeKey(shape))) ?? this.#makeOnce(shape, order),
      clone: (template, spec) => this.#clone(template, spec, this.#closing.signal),
    });
  }

  /** Starts a machine whose agent has said hello. */
  async provide(order: MachineOrder, watch: Stopwatch): Promise<SuppliedMachine> {
    const { hypervisor, useTemplates } = this.#parts;
    requireSupport(hypervisor, order.spec);
    const isWanted = useTemplates && !order.noTemplate && canClone(hypervisor, order.spec);
    if (!isWanted)
      return { ...(await this.#boot(order, watch)), origin: "cold", madeTemplate: false };
    const ready = await this.#fromPool(order, watch);
    if (ready !== undefined) return { ...ready, origin: "pool", madeTemplate: false };
    const { template, isNew } = await this.#bestTemplate(order);
    watch.lap("template");
    const cloned = template && (await this.#tryClone(template, order, watch));
    if (cloned !== undefined) {
      if (mayHoldImage(order)) this.pool.want(await this.#shapeOf(order, order.imageId), order);
      return { ...cloned, origin: "clone", madeTemplate: isNew };
    }
    const booted = await this.#boot(order, watch);
    // the boot worked where the clone did not: the template is at fault
    if (template !== undefined) await this.#parts.templates.remove(template.key);
    return { ...booted, origin: "cold", madeTemplate: isNew };
  }

  /** The template of this kind of machine, made where there is none. */
  async template(order: MachineOrder): Promise<Template> {
    const shape = await this.#shapeOf(order, "");
    const known = await this.#parts.templates.find(shapeKey(shape));
    return known ?? makeTemplate(this.#parts, { shape, order });
  }

  /** Images that are gone: nothing is made ready for them any more. */
  async forgetImages(ids: readonly string[]): Promise<void> {
    await this.pool.forgetImages(ids);
    for (const { key, shape } of await this.#parts.templates.list())
      if (ids.includes(shape.image)) await this.#parts.templates.remove(key);
  }

  /** What is being made ahead is given up. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.pool[Symbol.asyncDispose]();
  }

  async #boot({ spec, scratch }: MachineOrder, watch: Stopwatch): Promise<BootedMachine> {
    await mkdir(spec.runFolder, { recursive: true, mode: 0o700 });
    if (scratch.isNew) await makeScratchDisk(this.#parts.dataRoot, scratch.path);
    watch.lap("scratch disk");
    const booted = await bootMachine(this.#parts.hypervisor, spec);
    watch.lap("boot");
    return booted;
  }

  /** With the image in it, else without, else made now. */
  async #bestTemplate(order: MachineOrder): Promise<{ template?: Template; isNew: boolean }> {
    const { templates } = this.#parts;
    const withImage = mayHoldImage(order) && shapeKey(await this.#shapeOf(order, order.imageId));
    const shape = await this.#shapeOf(order, "");
    const known =
      (withImage && (await templates.find(withImage))) || (await templates.find(shapeKey(shape)));
    if (known) return { template: known, isNew: false };
    const template = await this.#makeOnce(shape, order);
    return template === undefined ? { isNew: false } : { template, isNew: true };
  }

  async #fromPool(
    order: MachineOrder,
    watch: Stopwatch,
  ): Promise<(BootedMachine & { mac: string | undefined }) | undefined> {
    if (!mayHoldImage(order)) return undefined;
    const ready = this.pool.take(shapeKey(await this.#shapeOf(order, order.imageId)));
    if (ready === undefined) return undefined;
    try {
      const booted = await ready.outfit(order);
      watch.lap("from the pool");
      return { ...booted, mac: ready.mac };
    } catch (error) {
      this.#parts.log(`cannot use a machine of the pool: ${describeError(error)}`);
      await ready.end();
      await rm(order.scratch.path, { force: true });
      return undefined;
    }
  }

  /** Undefined when it doesn't come up; why is in the log. */
  async #tryClone(
    template: Template,
    { spec, scratch }: MachineOrder,
    watch: Stopwatch,
  ): Promise<BootedMachine | undefined> {
    try {
      void this.#parts.templates.touch(template);
      await mkdir(spec.runFolder, { recursive: true, mode: 0o700 });
      if (scratch.isNew) await takeScratch(template, scratch.path);
      watch.lap("scratch disk");
      const cloned = await this.#clone(template, spec);
      watch.lap("clone");
      return cloned;
    } catch (error) {
      this.#parts.log(`cannot use template ${template.key}: ${describeError(error)}`);
      if (scratch.isNew) await rm(scratch.path, { force: true });
      return undefined;
    }
  }

  async #clone(
    template: Template,
    spec: MachineSpec,
    signal?: AbortSignal,
  ): Promise<BootedMachine> {
    const asClone = {
      ...spec,
      nics: withoutPorts(spec.nics),
      template: { folder: template.folder, use: "clone" as const },
    };
    return bootMachine(this.#parts.hypervisor, asClone, { deadlineMs: cloneDeadlineMs, signal });
  }

  /** One at a time for each shape; those who come meanwhile wait for it. */
  async #makeOnce(shape: Shape, order: MachineOrder): Promise<Template | undefined> {
    const key = shapeKey(shape);
    if (this.#hopeless.has(key)) return undefined;
    if (!this.#making.has(key) && isShort(await this.#parts.freeSpace())) return undefined;
    const underWay = this.#making.get(key);
    if (underWay !== undefined) return underWay;
    const { signal } = this.#closing;
    const making = makeTemplate(this.#parts, { shape, order, signal }).catch(
      async (error: unknown) => {
        if (signal.aborted) return undefined;
        this.#parts.log(`cannot make template ${key}: ${describeError(error)}`);
        if (!isShort(await this.#parts.freeSpace())) this.#hopeless.add(key);
        return undefined;
      },
    );
    this.#making.set(key, making);
    try {
      return await making;
    } finally {
      this.#making.delete(key);
    }
  }

  async #shapeOf({ spec, kernel, scratch }: MachineOrder, image: string): Promise<Shape> {
    const { hypervisor } = this.#parts;
    if (this.#hostBoot === "") this.#hostBoot = (await readFile(bootIdFile, "utf8")).trim();
    return {
      driver: hypervisor.name,
      vmm: await hypervisor.version(),
      accelerator: spec.accelerator,
      kernel: `${kernel.name} ${kernel.release}`,
      kernelDigest: kernel.digest,
      initramfs: kernel.initramfs,
      cpus: spec.cpus,
      memoryMiB: spec.memoryMiB,
      nics: spec.nics.map(({ kind }) => kind).join(),
      disks: spec.disks.map(({ name, readOnly }) => `${name}:${readOnly ? "r" : "w"}`).join(),
      image,
      newScratch: scratch.isNew,
      hostBoot: this.#hostBoot,
      tscKhz: spec.tscKhz ?? 0,
    };
  }
}

/** An image is joined with its scratch disk: a template can't have it with a disk that is to come. */
function mayHoldImage({ scratch, rehearsed }: MachineOrder): boolean {
  return scratch.isNew && rehearsed !== undefined;
}
