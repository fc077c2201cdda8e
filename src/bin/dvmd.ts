import { mkdir, open, readFile, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { listen, buildServer } from "../api/server.ts";
import { describeError, DvmError, systemErrorCode } from "../base/errors.ts";
import { Engine } from "../engine/engine.ts";
import { reconcile } from "../engine/reconcile.ts";
import { probeAccelerator } from "../host/accelerator.ts";
import { places, type Places } from "../host/places.ts";
import { isProcessAlive } from "../host/processes.ts";
import { findQemu } from "../host/tools.ts";
import { hostTscKhz } from "../host/tsc.ts";
import { ImageStore } from "../image/image-store.ts";
import { agentBinary } from "../kernel/agent-binary.ts";
import { chooseKernel, type Kernel } from "../kernel/kernel-catalogue.ts";
import { qemuHypervisor } from "../machine/drivers/qemu/qemu-driver.ts";

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
  for (const folder of [where.dataRoot, where.runRoot])
    await mkdir(folder, { recursive: true, mode: 0o700 });
  await claim(where);
  try {
    await serve(where);
  } finally {
    await rm(where.pidFile, { force: true });
  }
}

async function serve(where: Places): Promise<void> {
  const images = await ImageStore.open(join(where.dataRoot, "images"));
  await using engine = await Engine.open({
    places: where,
    images,
    hypervisor: qemuHypervisor(() => findQemu(where.dataRoot), ["kvm", "tcg"]),
    hostCpus: availableParallelism(),
    hostMemoryBytes: totalmem(),
    chooseKernel: (want) => chooseKernel(where.dataRoot, want),
    tscKhz: async () => hostTscKhz(await agentBinary(where.dataRoot), join(where.dataRoot, "tsc")),
    chooseAccelerator: (want, kernel) => chooseAccelerator(where, want, kernel),
    log: (message) => console.error(`${new Date().toISOString()} ${message}`),
  });
  await reconcile(engine);
  const app = buildServer(engine);
  await listen(app, where.socketPath);
  console.error(`${new Date().toISOString()} listening on ${where.socketPath}`);
  await endSignal();
  await app.close();
}

async function chooseAccelerator(where: Places, want: "auto" | "kvm" | "tcg", kernel: Kernel) {
  return probeAccelerator({
    qemu: (await findQemu(where.dataRoot)) ?? "qemu-system-x86_64",
    kernel: kernel.path,
    initramfs: kernel.initramfs,
    discovery: kernel.discovery,
    cacheFile: join(where.dataRoot, "accelerator.json"),
    want,
  });
}

/** One daemon a run root: the pid file is made exclusively, and taken over from one that has died. */
async function claim({ pidFile, socketPath }: Places): Promise<void> {
  for (;;) {
    try {
      await using file = await open(pidFile, "wx", 0o600);
      await file.write(`${process.pid}\n`);
      return;
    } catch (error) {
      if (systemErrorCode(error) !== "EEXIST") throw error;
    }
    const pid = Number((await readFile(pidFile, "utf8").catch(() => "")).trim());
    const alive =
      pid > 0 && isProcessAlive(pid) && ((await answers(socketPath)) || (await isDaemon(pid)));
    if (alive)
      throw new DvmError("conflict", `cannot start the daemon: it runs already (pid ${pid})`);
    await rm(pidFile, { force: true });
  }
}

/** A pid may have been given to another program since. */
async function isDaemon(pid: number): Promise<boolean> {
  const commandLine = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return commandLine.includes("dvmd");
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(socketPath);
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

function endSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve());
  });
}

try {
  await main();
  // machines live on, and with them the watch over their processes
  process.exit(0);
} catch (error) {
  console.error(`dvmd: ${describeError(error)}`);
  process.exitCode = error instanceof DvmError && error.code === "conflict" ? 3 : 1;
}
