import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { startConnector, startForwarder, type TestForwarder } from "../support/forwarder.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Both sides as they are, with the test in the machine's place: nothing but the machine is missing. */
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let forwarder: TestForwarder;
let connector: Awaited<ReturnType<typeof startConnector>>;
const servers: Server[] = [];

before(async () => {
  folder = await temporaryFolder();
  forwarder = await startForwarder(folder.path);
  connector = await startConnector(forwarder.machine);
});
after(async () => {
  for (const server of servers) server.close();
  await connector?.[Symbol.asyncDispose]();
  await forwarder?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
});

/** A server of the guest's, and the host's port that leads to it. */
async function published(serve: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    serve(socket);
  }).listen(0, "127.0.0.1", 1024);
  servers.push(server);
  await once(server, "listening");
  const address = server.address();
  assert(typeof address === "object" && address !== null);
  return leadingTo(address.port);
}

async function leadingTo(guestPort: number): Promise<number> {
  return Number(await forwarder.ask(`listen test 127.0.0.1 0 127.0.0.1 ${guestPort} 0.0.0.0`));
}

/** To read it by `for await` would end the other direction with this one. */
function allOf(socket: Socket): Promise<Buffer> {
  const parts: Buffer[] = [];
  return new Promise((resolve, reject) => {
    socket.on("data", (part) => parts.push(part)).once("error", reject);
    socket.once("end", () => resolve(Buffer.concat(parts)));
  });
}

/** Sends, half-closes, and gives all that comes. */
async function asked(port: number, words: string | Buffer): Promise<Buffer> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.end(words);
  return allOf(socket);
}

async function countBytes(socket: Socket): Promise<void> {
  socket.end(`${(await allOf(socket)).length} bytes`);
}

test("a hundred clients at once connect, send and half-close, and each is answered", async () => {
  const port = await published((socket) => void countBytes(socket));
  const sizes = Array.from({ length: 100 }, (_, index) => index * 1000);
  const answers = await Promise.all(sizes.map((size) => asked(port, Buffer.alloc(size))));
  assert.deepEqual(
    answers.map(String),
    sizes.map((size) => `${size} bytes`),
  );
});

test("a thousand connections one after the other leave no descriptor on either side", async () => {
  const port = await published((socket) => socket.pipe(socket));
  const counts = () => Promise.all([forwarder.descriptors(), connector.descriptors()]);
  await delay(100); // what the test before has left
  const before = await counts();
  for (let count = 0; count < 1000; count += 1)
    assert.equal(String(await asked(port, `ask ${count}`)), `ask ${count}`);
  let left = await counts();
  for (let look = 0; look < 100 && String(left) !== String(before); look += 1) {
    await delay(20);
    left = await counts();
  }
  assert.deepEqual(left, before);
});

test("50 MB come through unchanged in both directions at once", async () => {
  const [up, down] = [randomBytes(50_000_000), randomBytes(50_000_000)];
  const received = Promise.withResolvers<Buffer>();
  const port = await published((socket) => {
    socket.end(down);
    void allOf(socket).then(received.resolve);
  });
  const digest = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
  assert.equal(digest(await asked(port, up)), digest(down));
  assert.equal(digest(await received.promise), digest(up));
});

test("who takes nothing holds nobody up", async () => {
  const port = await published((socket) => {
    socket.once("data", (first: Buffer) => {
      if (first.toString() === "big") socket.write(Buffer.alloc(20_000_000));
      else socket.end("small");
    });
  });
  const slow = Array.from({ length: 50 }, () => connect({ port, host: "127.0.0.1" }).pause());
  for (const socket of slow) socket.write("big");
  await delay(300);
  for (let count = 0; count < 20; count += 1)
    assert.equal(String(await asked(port, "ask")), "small");
  for (const socket of slow) socket.destroy();
});

test("a server that half-closes first still gets what its client sends", async () => {
  const received = Promise.withResolvers<Buffer>();
  const port = await published((socket) => {
    socket.end("first");
    void allOf(socket).then(received.resolve);
  });
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  assert.equal(String(await allOf(socket)), "first");
  socket.end("afterwards");
  assert.equal(String(await received.promise), "afterwards");
});

test("where nobody listens in the guest, the connection ends at once", async () => {
  const port = await leadingTo(1);
  const socket = connect({ port, host: "127.0.0.1" });
  socket.on("error", () => {});
  await once(socket, "close");
});

test("a client that breaks off is one to its server, too", async () => {
  const reset = Promise.withResolvers<string | undefined>();
  const port = await published((socket) => {
    socket.on("error", (error: NodeJS.ErrnoException) => reset.resolve(error.code));
    socket.on("end", () => reset.resolve("an end in order")).resume();
  });
  const socket = connect({ port, host: "127.0.0.1" });
  await once(socket, "connect");
  socket.write("something");
  await delay(100);
  socket.resetAndDestroy();
  assert.equal(await reset.promise, "ECONNRESET");
});

test("a server that breaks off is one to its client, after what it has sent", async () => {
  const port = await published((socket) => {
    socket.once("data", () => {
      socket.write("an answer");
      setTimeout(() => socket.resetAndDestroy(), 50);
    });
  });
  const socket = connect({ port, host: "127.0.0.1" });
  const failed = once(socket, "error") as Promise<[NodeJS.ErrnoException]>;
  let heard = "";
  socket.on("data", (bytes) => (heard += String(bytes)));
  socket.write("ask");
  assert.equal((await failed)[0].code, "ECONNRESET");
  assert.equal(heard, "an answer");
});

test("a port that is given up is free at once, and its connections break", async () => {
  const port = await published((socket) => void socket.write("hello"));
  const other = Number(await forwarder.ask(`listen other 127.0.0.1 0 127.0.0.1 1 0.0.0.0`));
  const socket = connect({ port, host: "127.0.0.1" });
  await once(socket, "data");
  socket.on("error", () => {});
  const closed = new Promise((resolve) => socket.once("close", resolve));
  await forwarder.ask("release test");
  await closed;
  const again = createServer().listen(port, "127.0.0.1");
  await once(again, "listening");
  again.close();
  const kept = connect({ port: other, host: "127.0.0.1" });
  await once(kept, "connect");
  kept.destroy();
});

test("without a machine there are no ports: the forwarder ends with it", async () => {
  await using own = await temporaryFolder();
  await using short = await startForwarder(own.path);
  const port = Number(await short.ask("listen a 127.0.0.1 0 127.0.0.1 1 0.0.0.0"));
  const gone = once(short.process, "exit");
  short.machine.destroy();
  await gone;
  await assert.rejects(once(connect({ port, host: "127.0.0.1" }), "connect"));
});
