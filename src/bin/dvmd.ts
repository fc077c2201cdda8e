import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import { listen, buildServer } from "../api/server.ts";
import { describeError, DvmError } from "../base/errors.ts";
import { remember } from "../base/remember.ts";
import { defaultSettings, Engine } from "../engine/core.ts";
import { keepClocks, reconcile } from "../engine/upkeep.ts";
import { DiskReserve } from "../host/disk-reserve.ts";
import { freeSpace } from "../host/free-space.ts";
import { forwarderProgram } from "../host/forwarder-program.ts";
import { madeBinary } from "../host/made-binary.ts";
import { certificateFolders, places, settingsFolders, type Places } from "../host/places.ts";
import { exitProcess } from "../host/exit-process.ts";
import { hostTscKhz } from "../host/tsc.ts";
import { hostResolver } from "../network/host-resolver.ts";
import { ImageStore } from "../image/store/image-store.ts";
import { LayerDownloads } from "../image/transfer/layer-downloads.ts";
import { agentBinary } from "../kernel/agent-binary.ts";
import { chooseKernel } from "../kernel/kernel-catalogue.ts";
import { TemplateStore } from "../machine/template-store.ts";
import { fileServers } from "../sharing/file-servers.ts";
import { daemonSettings, type DaemonSettings } from "./daemon-settings.ts";
import { chooseHypervisor } from "./hypervisors.ts";

/** The daemon: serves the API until it is told to end. Machines outlive it. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      "data-root": { type: "string" },
      "run-root": { type: "string" },
      host: { type: "string" },
    },
  });
  const environment = {
    ...process.env,
    ...(values.host === undefined ? {} : { DVM_HOST: values.host }),
  };
  const where = places({
    dataRoot: values["data-root"],
    runRoot: values["run-root"],
    environment,
    uid: process.getuid?.() ?? 0,
  });
  const settings = daemonSettings(environment, totalmem(), settingsFolders(environment));
  for (const folder of [where.dataRoot, where.runRoot])
    await mkdir(folder, { recursive: true, mode: 0o700 });
  const lock = await claim(where);
  try {
    await serve(where, settings, environment);
  } finally {
    await rm(where.pidFile, { force: true });
    lock.close();
  }
}

async function serve(
  where: Places,
  settings: DaemonSettings,
  environment: Record<string, string | undefined>,
): Promise<void> {
  const hypervisor = await chooseHypervisor(where.dataRoot, settings.hypervisor);
  const { kernelFeatures: features } = hypervisor;
  const agent = remember(() => agentBinary(where.dataRoot));
  const reserve = new DiskReserve(where.dataRoot);
  const images = await ImageStore.open(join(where.dataRoot, "images"), () => reserve.release());
  await using engine = await Engine.open({
    places: where,
    settings: () => defaultSettings,
    reserve,
    freeSpace: () => freeSpace(where.dataRoot),
    images,
    downloads: await LayerDownloads.open(images.root),
    registries: {
      folders: {
        settings: settingsFolders(environment),
        certificates: certificateFolders(environment),
      },
      environment,
    },
    hypervisor,
    fileServers: fileServers(where.dataRoot),
    hostCpus: availableParallelism(),
    hostMemoryBytes: totalmem(),
    chooseKernel: (want) => chooseKernel(where.dataRoot, want, { agent, features }),
    hostResolver: () => hostResolver(),
    tscKhz: remember(async () => hostTscKhz(await agent(), join(where.dataRoot, "tsc"))),
    forwarderProgram: remember(() => madeBinary(where.dataRoot, forwarderProgram)),
    templates: await TemplateStore.open(join(where.dataRoot, "templates")),
    useTemplates: settings.useTemplates,
    pool: settings.pool,
    trust: settings.trust,
    log: (message) => console.error(`${new Date().toISOString()} ${message}`),
  });
  await reconcile(engine);
  using _clocks = keepClocks(engine);
  const app = buildServer(engine);
  await listen(app, where.socketPath);
  console.error(`${new Date().toISOString()} listening on ${where.socketPath}`);
  await endSignal();
  await app.close();
}

/**
 * One daemon a run root: who holds SQLite's lock on a file of it. The system lets go of the lock
 * when its holder ends, however that happens. The pid file only tells.
 */
async function claim({ pidFile, runRoot }: Places): Promise<DatabaseSync> {
  const lock = new DatabaseSync(join(runRoot, "dvm.lock"));
  try {
    lock.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    lock.close();
    const pid = (await readFile(pidFile, "utf8").catch(() => "")).trim();
    throw new DvmError("conflict", `cannot start the daemon: it runs already (pid ${pid})`, {
      cause,
    });
  }
  await writeFile(pidFile, `${process.pid}\n`, { mode: 0o600 });
  return lock;
}

function endSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve());
  });
}

try {
  await main();
  // machines live on, and with them the watch over their processes
  await exitProcess(0);
} catch (error) {
  console.error(`dvmd: ${describeError(error)}`);
  process.exitCode = error instanceof DvmError && error.code === "conflict" ? 3 : 1;
}
