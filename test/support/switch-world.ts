import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { processStartTime } from "../../src/host/processes.ts";
import { Switch } from "../../src/network/switch/switch.ts";
import { madeSwitch } from "./switch.ts";

const run = promisify(execFile);
const repository = join(import.meta.dirname, "../..");
const user = 12_345;

/** Outside of the host: who is reached by what leaves it. */
export const outside = { four: "198.51.100.1", six: "2001:db8::1" };
/** The host's own address there. */
export const host = { four: "198.51.100.254", six: "2001:db8::fe" };

export interface World extends AsyncDisposable {
  switch: Switch;
  /** What the switch says. */
  said: string[];
  folder: string;
  /** A guest with a Linux of its own; its card is on no network yet. */
  guest(tap: string, card: Card): Promise<Guest>;
  /** A guest that sends and sees frames. */
  frames(tap: string): Promise<FrameGuest>;
  /** Runs a program in the host's network. */
  run(program: string, ...words: string[]): Promise<string>;
}

export interface Card {
  mac: string;
  addresses: string[];
  gateways: string[];
}

export interface Guest {
  /** Runs a line of shell; gives what it printed, or `failed`. */
  sh(line: string): Promise<string>;
  end(): Promise<void>;
}

export interface FrameGuest {
  send(frame: string): void;
  seen: string[];
  end(): Promise<void>;
}

/**
 * A host of the test's own, which is this process's network namespace: run it in one that nobody
 * needs. Another namespace is outside, with a server. `as`: whose switch and machines it is.
 */
export async function openWorld(folder: string, as: "root" | "user"): Promise<World> {
  const stack = new AsyncDisposableStack();
  const programs = await bringPrograms(folder, as);
  const server = spawn("unshare", [
    "-n",
    process.execPath,
    join(import.meta.dirname, "outside-server.ts"),
  ]);
  stack.defer(() => ended(server));
  await once(server.stdout, "data");
  await joinOutside(programs, server.pid ?? 0);
  const place = join(folder, "switch");
  await mkdir(place, { recursive: true });
  if (as === "user") await chown(place, user, user);
  const said: string[] = [];
  const made = new Switch({
    ...{ folder: place, dataRoot: folder, machines: join(folder, "machines") },
    ...{ program: async () => programs.switch, isRoot: as === "root" },
    log: (message) => said.push(message),
  });
  stack.defer(() => made.end());
  const start = async (tap: string, ...words: string[]) => {
    const launcher = ["run", made.descriptorSocket, tap, "--", programs.guest, ...words];
    const child = spawn(programs.switch, launcher, { stdio: ["pipe", "pipe", "inherit"] });
    stack.defer(() => ended(child));
    await noteMachine(folder, tap, child.pid ?? 0);
    return child;
  };
  return {
    ...{ switch: made, said, folder },
    guest: async (tap, { mac, addresses, gateways }) =>
      shellOf(
        await start(tap, "stack", mac, addresses.join(), gateways.join() || "-", "busybox", "sh"),
      ),
    frames: async (tap) => framesOf(await start(tap, "frames")),
    run: async (program, ...words) => (await run(program, words)).stdout,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

interface Programs {
  switch: string;
  guest: string;
}

/** Where an ordinary user may run them, as which they then run. */
async function bringPrograms(folder: string, as: "root" | "user"): Promise<Programs> {
  await chmod(folder, 0o755);
  const sources = ["link.c", "address.c", "rtnl.c", "prefixes.c"];
  const guest = join(folder, "guest");
  await run("gcc", [
    ...["-std=gnu11", "-D_GNU_SOURCE", "-O1", "-static", "-Wall", "-Wextra", "-Werror"],
    ...[`-I${join(repository, "switch")}`, "-o", guest],
    join(repository, "test/network/switch-guest/guest.c"),
    ...sources.map((name) => join(repository, "switch", name)),
  ]);
  const real = join(folder, "dvm-switch");
  await copyFile(await madeSwitch(), real);
  if (as === "root") return { switch: real, guest };
  const wrapper = join(folder, "as-user");
  const words = `setpriv --reuid ${user} --regid ${user} --clear-groups ${real} "$@"`;
  await writeFile(wrapper, `#!/bin/sh\nexec ${words}\n`, { mode: 0o755 });
  return { switch: wrapper, guest };
}

async function joinOutside({ guest }: Programs, pid: number): Promise<void> {
  const real = join(guest, "../dvm-switch");
  await run(guest, ["set", "lo", "-", "-"]);
  await run(real, ["veth", "out0", `${pid}`, "1500", `${host.four}/24,${host.six}/64`]);
  const addresses = `${outside.four}/24,${outside.six}/64`;
  await run("nsenter", ["-t", `${pid}`, "-n", guest, "set", "up0", addresses, "-"]);
  await run(guest, ["set", "out0", "-", `${outside.four},${outside.six}`]);
  // as distributions have it: users may ping
  await writeFile("/proc/sys/net/ipv4/ping_group_range", "0 2147483647");
}

/** As a driver notes a machine's process, by which a later switch finds its namespace. */
async function noteMachine(folder: string, tap: string, pid: number): Promise<void> {
  const place = join(folder, "machines", tap);
  await mkdir(place, { recursive: true });
  await writeFile(join(place, "qemu.pid"), `${pid} ${await processStartTime(pid)}\n`);
}

function shellOf(child: ChildProcess): Guest {
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error("no pipes");
  const lines = createInterface(stdout)[Symbol.asyncIterator]();
  return {
    async sh(line) {
      stdin.write(`{ ${line}; } 2>&1 || echo failed; echo; echo .\n`);
      const printed: string[] = [];
      for (;;) {
        const { value, done } = await lines.next();
        if (done === true) throw new Error(`the guest has ended: ${printed.join("\n")}`);
        if (value === ".") return printed.filter((one) => one !== "").join("\n");
        printed.push(value);
      }
    },
    end: () => ended(child),
  };
}

function framesOf(child: ChildProcess): FrameGuest {
  const seen: string[] = [];
  if (child.stdout !== null) createInterface(child.stdout).on("line", (line) => seen.push(line));
  return {
    seen,
    send: (frame) => void child.stdin?.write(`${frame}\n`),
    end: () => ended(child),
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}
