import { emptyDisks, spareDisks } from "../../supply/disk-names.ts";
import { readFile } from "node:fs/promises";
import { DvmError } from "../../base/errors.ts";
import type { MachineSpec, NicSpec } from "../../machine/machine.ts";
import { requireTemplates } from "../../machine/support.ts";
import type { Template } from "../../machine/template-store.ts";
import { userNetwork } from "../../network/user-network.ts";
import type { Engine } from "../core.ts";
import {
  machineCpus,
  memoryMiB,
  settleResources,
  sharePlaces,
  switchCard,
  tapSource,
  userCard,
} from "../plan.ts";
import { resourcesSchema, specifyLimits } from "../records.ts";

/** A machine to be made ahead, in the words of `create`. */
export interface TemplateRequest {
  kernel: string | undefined;
  /** `auto`, or a name that the hypervisor knows. */
  accelerator: string;
  /** 0: the default. */
  memoryBytes: number;
  nanoCpus: number;
  network: boolean;
}

export interface ListedTemplate extends Template {
  /** Its host, VMM or boot is another one by now: nothing will be cloned of it. */
  isStale: boolean;
}

/** Makes the template that such machines are cloned of; one that is there stays. */
export async function createTemplate(engine: Engine, wants: TemplateRequest): Promise<Template> {
  const { parts } = engine;
  if (!parts.useTemplates)
    throw new DvmError("unsupported", "cannot make a template: the daemon was told not to use any");
  requireTemplates(parts.hypervisor);
  const asked = resourcesSchema.parse({ Memory: wants.memoryBytes, NanoCpus: wants.nanoCpus });
  const settling = { hostCpus: parts.hostCpus, isUpdate: false };
  const limits = specifyLimits(settleResources(asked, settling).resources);
  const kernel = await parts.chooseKernel(wants.kernel);
  const { accelerator } = await parts.hypervisor.chooseAccelerator(wants.accelerator, kernel);
  const tscKhz = await parts.tscKhz();
  const { path, initramfs, discovery } = kernel;
  const isOnSwitch = (await tapSource(engine)) !== undefined;
  return engine.supply.template({
    spec: {
      id: "template",
      kernel: { path, initramfs, discovery },
      accelerator,
      ...(tscKhz === undefined ? {} : { tscKhz }),
      cpus: machineCpus(limits, parts.hostCpus, kernel),
      memoryMiB: memoryMiB(limits),
      ...(await ordinaryDevices(engine, wants)),
      runFolder: "",
    },
    kernel,
    scratch: { path: "", isNew: true },
    preparedCards: wants.network ? [isOnSwitch ? switchCard("") : userCard("")] : [],
    imageId: "",
    rehearsed: undefined,
    noTemplate: false,
  });
}

/** Those of a machine whose container asks for nothing. */
async function ordinaryDevices(
  engine: Engine,
  { network }: TemplateRequest,
): Promise<Pick<MachineSpec, "disks" | "nics">> {
  const source = await tapSource(engine);
  const { room, cards } = sharePlaces({
    ...{ places: engine.parts.hypervisor.capabilities.devices, disks: 2, room: undefined },
    ...{ cards: network ? 1 : 0, isOnSwitch: source !== undefined },
  });
  const mac = "02:00:00:00:00:01";
  const user: NicSpec = { kind: "user", mac, network: userNetwork, publish: [] };
  return {
    disks: [...Object.values(emptyDisks(0)), ...spareDisks(room)],
    nics: Array.from({ length: cards }, (): NicSpec =>
      source === undefined ? user : { kind: "tap", mac, interface: "none", source },
    ),
  };
}

export async function listTemplates(engine: Engine): Promise<ListedTemplate[]> {
  const boot = (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
  const vmm = await engine.parts.hypervisor.version().catch(() => "");
  return (await engine.parts.templates.list()).map((template) => ({
    ...template,
    isStale: template.shape.hostBoot !== boot || template.shape.vmm !== vmm,
  }));
}

/** By the beginning of its key. */
export async function findTemplate(engine: Engine, prefix: string): Promise<ListedTemplate> {
  const { key } = await engine.parts.templates.get(prefix);
  const found = (await listTemplates(engine)).find((one) => one.key === key);
  if (found === undefined) throw new DvmError("not-found", `No such template: ${prefix}`);
  return found;
}

/** Removes those that nothing will be cloned of any more, or all. */
export async function pruneTemplates(engine: Engine, all: boolean): Promise<ListedTemplate[]> {
  const unwanted = (await listTemplates(engine)).filter(({ isStale }) => all || isStale);
  for (const { key } of unwanted) await engine.parts.templates.remove(key);
  return unwanted;
}
