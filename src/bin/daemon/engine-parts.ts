import { totalmem } from "node:os";
import { join } from "node:path";
import { remember } from "../../base/remember.ts";
import type { GivenSettings } from "../../daemon/given-settings.ts";
import type { LogLevel } from "../../daemon/daemon-log.ts";
import type { EngineSettings } from "../../engine/core.ts";
import type { Engine } from "../../engine/core.ts";
import { DiskReserve } from "../../host/disk-reserve.ts";
import { forwarderProgram } from "../../host/forwarder-program.ts";
import { freeSpace } from "../../host/free-space.ts";
import { madeBinary } from "../../host/made-binary.ts";
import { certificateFolders, settingsFolders, type Places } from "../../host/places.ts";
import { hostTscKhz } from "../../host/tsc.ts";
import { ImageStore } from "../../image/store/image-store.ts";
import { LayerDownloads } from "../../image/transfer/layer-downloads.ts";
import { agentBinary } from "../../kernel/agent-binary.ts";
import { chooseKernel } from "../../kernel/kernel-catalogue.ts";
import { TemplateStore } from "../../machine/template-store.ts";
import { Forwarder } from "../../network/forwarder.ts";
import { hostResolver } from "../../network/host-resolver.ts";
import { switchProgram } from "../../host/switch-program.ts";
import { Switch } from "../../network/switch/switch.ts";
import { withoutSwitch } from "../../network/without-switch.ts";
import { namesIn } from "../../network/names/names.ts";
import { fileServers } from "../../sharing/file-servers.ts";
import { chooseHypervisor } from "../hypervisors.ts";
import type { DaemonSettings } from "./daemon-settings.ts";

interface Ground {
  where: Places;
  own: DaemonSettings;
  environment: Record<string, string | undefined>;
  /** As they are now, both. */
  given: () => GivenSettings;
  settings: () => EngineSettings;
  hostCpus: number;
  log: (message: string, level?: LogLevel) => void;
}

/** What the engine of a daemon on this host is made of. */
export async function engineParts(ground: Ground): Promise<Parameters<typeof Engine.open>[0]> {
  const { where, own, environment, settings, hostCpus, log } = ground;
  const { dataRoot } = where;
  const hypervisor = await chooseHypervisor(dataRoot, own.hypervisor);
  const { kernelFeatures: features } = hypervisor;
  const agent = remember(() => agentBinary(dataRoot));
  const forwarder = remember(() => madeBinary(dataRoot, forwarderProgram));
  const switchSocket = join(where.runRoot, "switch", "switch-fd.sock");
  const reserve = new DiskReserve(dataRoot);
  const images = await ImageStore.open(join(dataRoot, "images"), () => reserve.release());
  return {
    ...{ places: where, settings, reserve, images, hypervisor, hostCpus, log },
    freeSpace: () => freeSpace(dataRoot),
    downloads: await LayerDownloads.open(images.root, () => settings().maxConcurrentDownloads),
    registries: {
      folders: {
        settings: settingsFolders(environment),
        certificates: certificateFolders(environment),
      },
      environment,
      general: settings,
    },
    fileServers: fileServers(dataRoot),
    hostMemoryBytes: totalmem(),
    chooseKernel: (want) => chooseKernel(dataRoot, want, { agent, features }),
    hostResolver: () => configuredResolver(ground.given()),
    names: namesIn(where),
    switch: own.useSwitch
      ? new Switch({
          ...{ dataRoot, log, isRoot: process.getuid?.() === 0 },
          folder: join(where.runRoot, "switch"),
          machines: join(where.runRoot, "machines"),
          program: remember(() => madeBinary(dataRoot, switchProgram)),
        })
      : withoutSwitch("the daemon was told not to use the switch"),
    tscKhz: remember(async () => hostTscKhz(await agent(), join(dataRoot, "tsc"))),
    forwarder: (place) => new Forwarder({ ...place, program: forwarder, switchSocket, log }),
    templates: await TemplateStore.open(join(dataRoot, "templates")),
    ...{ useTemplates: own.useTemplates, pool: own.pool, trust: own.trust },
  };
}

/** What the daemon was told of names comes before what its host knows. */
async function configuredResolver(given: GivenSettings) {
  const host = await hostResolver();
  const [servers, search, options] = ["dns", "dns-search", "dns-opts"].map((key) =>
    given.list(key),
  );
  return {
    ...host,
    given: { nameservers: servers ?? [], search: search ?? [], options: options ?? [] },
  };
}
