import { createServer, type Server } from "node:net";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { DvmError } from "../../../base/errors.ts";
import type { Capabilities, Hypervisor, Machine, MachineExit, MachineSpec } from "../../machine.ts";

const capabilities: Capabilities = {
  fileSharing: "none",
  fileBinds: false,
  pause: true,
  templates: false,
  diskFormats: ["raw", "vmdk", "empty"],
  diskExchange: false,
  cards: [],
  publishing: false,
};

/**
 * A driver with no machines: what it starts only listens where an agent would. For tests of what
 * stands above a driver, and the shortest example of one.
 */
export function fakeHypervisor(): Hypervisor {
  const machines = new Map<string, Machine>();
  return {
    name: "fake",
    version: async () => "1",
    capabilities,
    accelerators: ["none"],
    chooseAccelerator: async () => ({ accelerator: "none", reason: "nothing runs" }),
    kernelFeatures: [],
    bootDeadlineMs: () => 10_000,
    async start(spec, options) {
      options?.signal?.throwIfAborted();
      const machine = await startFake(spec, () => machines.delete(spec.id));
      machines.set(spec.id, machine);
      return machine;
    },
    find: async (id) => machines.get(id),
    endStrays: async () => [], // they live in this process, and end with it
  };
}

async function startFake(spec: MachineSpec, gone: () => void): Promise<Machine> {
  const agentSocket = join(spec.runFolder, "agent.sock");
  const server = await listen(agentSocket);
  let paused = false;
  const { promise: exited, resolve: exit } = Promise.withResolvers<MachineExit>();
  return {
    id: spec.id,
    handle: spec.id,
    processId: undefined,
    agentSocket,
    exited,
    consoleTail: async () => (paused ? "paused" : "running"),
    async kill() {
      if (!server.listening) return;
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      await rm(agentSocket, { force: true });
      gone();
      exit({ code: 0, signal: undefined, errors: "", failure: undefined });
    },
    async pause() {
      paused = true;
    },
    async resume() {
      paused = false;
    },
    memory: async () => undefined,
    save: unsupported,
    insertDisk: unsupported,
    ejectDisk: unsupported,
    publish: unsupported,
    moveTo: unsupported,
  };
}

async function unsupported(): Promise<never> {
  throw new DvmError("unsupported", "cannot do this: the fake driver has no templates");
}

function listen(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((connection) => connection.destroy());
    server.once("error", reject);
    server.listen(path, () => resolve(server));
  });
}
