import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { promisify } from "node:util";
import { controlLines } from "../../src/host/control-lines.ts";
import { answerOf } from "../../src/network/forwarder-refusal.ts";

const repository = join(import.meta.dirname, "../..");
const make = (...words: string[]) => promisify(execFile)("make", ["-s", "-C", ...words]);

/** A forwarder whose machine is played by the test. */
export interface TestForwarder extends AsyncDisposable {
  process: ChildProcess;
  /** The machine's end of the port. */
  machine: Socket;
  /** What stands behind its `ok`; else its refusal, as text. */
  ask(line: string): Promise<string>;
  /** Descriptors that it has open. */
  descriptors(): Promise<number>;
}

/**
 * `sanitized`: a fault of its memory ends it, with a word on standard error. `switchSocket`: where it
 * gets sockets of a switch's namespace.
 */
export async function startForwarder(
  folder: string,
  { sanitized = false, switchSocket }: { sanitized?: boolean; switchSocket?: string } = {},
): Promise<TestForwarder> {
  const name = sanitized ? "dvm-forwarder-sanitized" : "dvm-forwarder";
  await make(join(repository, "forwarder"), `build/${name}`);
  const [control, port] = [join(folder, "control"), join(folder, "machine")];
  const server = createServer().listen(port);
  await once(server, "listening");
  const accepted = once(server, "connection") as Promise<[Socket]>;
  const program = join(repository, "forwarder/build", name);
  const words = [control, port, ...(switchSocket === undefined ? [] : [switchSocket])];
  const child = spawn(program, words, { stdio: ["ignore", "inherit", "inherit"] });
  const [machine] = await accepted;
  machine.on("error", () => {});
  server.close();
  return {
    process: child,
    machine,
    async ask(line) {
      const isComing = () => child.exitCode === null;
      const options = { who: "the forwarder", deadlineMs: 10_000, isComing };
      const answer = await answerOf(async () => {
        const [said = ""] = await controlLines(control, [line], options);
        return said;
      });
      return typeof answer === "string" ? answer : answer.code;
    },
    descriptors: () => descriptorsOf(child),
    [Symbol.asyncDispose]: () => ended(child, machine),
  };
}

/** The guest's side, run on this host: what is connected to is this host's, too. */
export async function startConnector(
  machine: Duplex,
): Promise<AsyncDisposable & { descriptors(): Promise<number> }> {
  await make(join(repository, "guest"), "build/agent");
  const program = join(repository, "guest/build/agent");
  const stdio = ["ignore", "inherit", "inherit", "pipe", "pipe"] as const;
  const child = spawn(program, ["connector"], { stdio: [...stdio] });
  const port = child.stdio[3] as unknown as Duplex;
  port.on("error", () => {}).pipe(machine);
  machine.pipe(port);
  return {
    descriptors: () => descriptorsOf(child),
    [Symbol.asyncDispose]: () => ended(child, port),
  };
}

async function descriptorsOf({ pid }: ChildProcess): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}

async function ended(child: ChildProcess, connection: Duplex): Promise<void> {
  connection.destroy();
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}
