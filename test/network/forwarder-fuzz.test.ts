import assert from "node:assert/strict";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { byGuest, connectionFrame, frameTypes, openSocket } from "../support/connection-frames.ts";
import { startForwarder, type TestForwarder } from "../support/forwarder.ts";
import { seeds } from "../support/fuzz-settings.ts";
import { Random } from "../support/random.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const places = 6;

/** A guest that keeps a few streams, so that most of what it says is of some that there are. */
class Guest {
  readonly #random: Random;
  readonly #streams = Array.from({ length: places }, (_, place) => (byGuest | place) >>> 0);
  #uses = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  say(): Buffer {
    const random = this.#random;
    const type = random.pick(Object.values(frameTypes));
    if (type === frameTypes.open) return this.#open();
    const stream = random.oneIn(3) ? random.below(places) : random.pick(this.#streams);
    if (type === frameTypes.data)
      return connectionFrame(stream, type, random.bytes(1 + random.below(3000)));
    if (type === frameTypes.window)
      return connectionFrame(stream, type, random.oneIn(2) ? "\x01\0\0\0" : random.bytes(4));
    return connectionFrame(stream, type);
  }

  /** Mostly in a place that is free. */
  #open(): Buffer {
    const place = this.#random.below(places);
    const before = this.#streams[place] ?? 0;
    this.#uses += 1;
    const stream = (byGuest | (this.#uses << 12) | place) >>> 0;
    this.#streams[place] = stream;
    const end = this.#random.oneIn(200)
      ? Buffer.alloc(0)
      : connectionFrame(before, frameTypes.reset);
    return Buffer.concat([end, openSocket(stream, this.#random.oneIn(4) ? "none" : "echo")]);
  }
}

function spoiled(bytes: Buffer, random: Random): Buffer {
  const made = Buffer.from(bytes);
  for (let count = random.below(3); count > 0; count -= 1)
    made.writeUInt8(random.below(256), random.below(made.length));
  return made;
}

/** Clients of the host that come, send and go meanwhile. */
async function useIt(port: number, random: Random): Promise<void> {
  for (let count = 0; count < 20; count += 1) {
    const client = connect({ port, host: "127.0.0.1", allowHalfOpen: random.oneIn(2) });
    client.on("error", () => {}).resume();
    client.write(random.bytes(random.below(2000)));
    if (random.oneIn(3)) client.resetAndDestroy();
    else client.end();
    setTimeout(() => client.destroy(), 50);
    await delay(1);
  }
}

async function round(forwarder: TestForwarder, folder: string, random: Random): Promise<void> {
  const server = createServer((socket) => socket.on("error", () => {}).pipe(socket));
  await once(server.listen(join(folder, "echo")), "listening");
  await forwarder.ask(`grant fuzz echo ${join(folder, "echo")}`);
  const port = Number(await forwarder.ask("listen fuzz 127.0.0.1 0 192.0.2.1 80 0.0.0.0"));
  const using = useIt(port, random);
  if (!random.oneIn(4)) forwarder.machine.resume();
  const guest = new Guest(random);
  for (let count = 0; count < 400 && forwarder.process.exitCode === null; count += 1) {
    const frame = guest.say();
    forwarder.machine.write(random.oneIn(200) ? spoiled(frame, random) : frame);
    if (random.oneIn(20)) await delay(1);
  }
  if (random.oneIn(2)) await forwarder.ask("release fuzz").catch(() => {});
  await using;
  server.close();
}

test("nothing that a guest sends makes the forwarder read or write where it may not", async () => {
  await using folder = await temporaryFolder();
  for (const seed of seeds(30)) {
    await using forwarder = await startForwarder(folder.path, { sanitized: true });
    const ended = once(forwarder.process, "exit");
    await round(forwarder, folder.path, new Random(seed)).catch(() => {}); // it may have ended
    forwarder.machine.destroy();
    assert.deepEqual(await ended, [0, null], `seed ${seed}`);
    await rm(join(folder.path, "machine"), { force: true });
  }
});
