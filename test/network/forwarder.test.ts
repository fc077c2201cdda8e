import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, rm } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  byGuest,
  connectionFrame,
  connectionFrames,
  frameTypes,
  openSocket,
  windowBytes,
  type ConnectionFrame,
} from "../support/connection-frames.ts";
import { startForwarder, type TestForwarder } from "../support/forwarder.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let forwarder: TestForwarder;
let frames: AsyncGenerator<ConnectionFrame, void>;
let lastStream = 0;

before(async () => {
  folder = await temporaryFolder();
  forwarder = await startForwarder(folder.path);
  frames = connectionFrames(forwarder.machine);
});
after(async () => {
  await forwarder?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
});

/** A stream of the guest's that has not been used yet. */
function newStream(): number {
  lastStream += 1;
  return (byGuest | lastStream) >>> 0;
}

function say(...parts: Buffer[]): void {
  forwarder.machine.write(Buffer.concat(parts));
}

async function nextFrame(): Promise<ConnectionFrame> {
  const { value, done } = await frames.next();
  assert(done !== true, "the forwarder has ended");
  return value;
}

/** Types and payloads of what comes for a stream until one of `types` does. */
async function heardUntil(stream: number, ...types: number[]): Promise<[number, string][]> {
  const heard: [number, string][] = [];
  for (;;) {
    const frame = await nextFrame();
    if (frame.stream !== stream) continue;
    heard.push([frame.type, String(frame.payload)]);
    if (types.includes(frame.type)) return heard;
  }
}

async function listenAt(path: string, serve: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, serve).listen(path);
  await once(server, "listening");
  return server;
}

/** Says what came, in capitals, when it is over. */
function shout(socket: Socket): void {
  let heard = "";
  socket.on("data", (bytes) => (heard += String(bytes)));
  socket.on("end", () => socket.end(heard.toUpperCase()));
}

/** What a guest hears that asks the socket of this name. */
function ask(name: string, words: string): Promise<[number, string][]> {
  const stream = newStream();
  const { data, end, reset, refused } = frameTypes;
  say(openSocket(stream, name), connectionFrame(stream, data, words), connectionFrame(stream, end));
  return heardUntil(stream, end, reset, refused);
}

test("the guest reaches a socket that was granted, and no other", async () => {
  const path = join(folder.path, "granted");
  const server = await listenAt(path, shout);
  const hidden = await listenAt(join(folder.path, "hidden"), shout);
  assert.equal(await forwarder.ask(`grant box box.1 ${path}`), "");
  assert.deepEqual(await ask("box.1", "hello"), [
    [frameTypes.data, "HELLO"],
    [frameTypes.end, ""],
  ]);
  for (const name of ["box.2", "box", "", "hidden", join(folder.path, "hidden"), "x".repeat(100)])
    assert.deepEqual(await ask(name, "hello"), [[frameTypes.refused, ""]], name);
  await forwarder.ask("release box");
  assert.deepEqual(await ask("box.1", "hello"), [[frameTypes.refused, ""]]);
  server.close();
  hidden.close();
});

test("a socket that goes away is refused, and works again when it is back, whatever its path", async () => {
  const long = join(folder.path, "long ".repeat(20), "deep ".repeat(10));
  await mkdir(long, { recursive: true });
  const paths = [join(folder.path, "away"), join(folder.path, "with space, and %")];
  for (const [index, path] of paths.entries()) {
    assert.equal(await forwarder.ask(`grant away away.${index} ${encodeURIComponent(path)}`), "");
    for (let life = 0; life < 2; life += 1) {
      assert.deepEqual(await ask(`away.${index}`, "x"), [[frameTypes.refused, ""]]);
      const server = await listenAt(path, shout);
      assert.equal((await ask(`away.${index}`, "x"))[0]?.[1], "X");
      server.close();
      await rm(path, { force: true });
    }
  }
  process.chdir(long);
  const server = await listenAt("socket", shout);
  process.chdir("/");
  const path = encodeURIComponent(join(long, "socket"));
  assert.equal(await forwarder.ask(`grant away away.long ${path}`), "");
  assert.equal((await ask("away.long", "x"))[0]?.[1], "X");
  server.close();
});

test("the guest can't have the host connect to an address", async () => {
  const server = createServer(() => assert.fail("was connected to")).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert(typeof address === "object" && address !== null);
  const wanted = Buffer.from([1, 0, 0, 127, 0, 0, 1, 0, 0, 0, 0]);
  wanted.writeUInt16LE(address.port, 1);
  const stream = newStream();
  say(connectionFrame(stream, frameTypes.open, wanted));
  assert.deepEqual(await heardUntil(stream, frameTypes.refused), [[frameTypes.refused, ""]]);
  server.close();
});

test("frames of streams that there aren't are ignored", async () => {
  for (const stream of [0, 5, 0x7fff_ffff, byGuest, 0xffff_ffff])
    for (const type of [frameTypes.data, frameTypes.end, frameTypes.refused, frameTypes.reset])
      say(connectionFrame(stream, type, type === frameTypes.data ? "x" : ""));
  say(connectionFrame(77, frameTypes.window, Buffer.alloc(4, 0xff)));
  assert.equal(await forwarder.ask("ping"), "");
  assert.deepEqual(await ask("nothing", "x"), [[frameTypes.refused, ""]]);
});

test("more than the window holds breaks the stream, and only that", async () => {
  const path = join(folder.path, "deaf");
  const deaf = await listenAt(path, (socket) => socket.on("error", () => {}).pause());
  await forwarder.ask(`grant deaf deaf ${path}`);
  const [first, second] = [newStream(), newStream()];
  const part = connectionFrame(first, frameTypes.data, Buffer.alloc(32_000));
  say(openSocket(second, "deaf"), openSocket(first, "deaf"), ...Array<Buffer>(100).fill(part));
  assert.deepEqual((await heardUntil(first, frameTypes.reset)).at(-1), [frameTypes.reset, ""]);
  const more = Buffer.alloc(4);
  more.writeUInt32LE(1);
  say(connectionFrame(second, frameTypes.window, more));
  assert.deepEqual(await heardUntil(second, frameTypes.reset), [[frameTypes.reset, ""]]);
  deaf.close();
});

test("a client is sent no more than the guest has room for", async () => {
  const port = Number(await forwarder.ask("listen rich 127.0.0.1 0 192.0.2.1 80 192.0.2.2"));
  const client = connect({ port, host: "127.0.0.1" });
  client.write(Buffer.alloc(1_000_000));
  const open = await nextFrame();
  assert.deepEqual(
    [open.type, [...open.payload]],
    [frameTypes.open, [1, 80, 0, 192, 0, 2, 1, 192, 0, 2, 2]],
  );
  let received = 0;
  for (; received < windowBytes; received += (await nextFrame()).payload.length);
  assert.equal(received, windowBytes);
  const more = Buffer.alloc(4);
  more.writeUInt32LE(10);
  say(connectionFrame(open.stream, frameTypes.window, more));
  assert.equal((await nextFrame()).payload.length, 10);
  const closed = new Promise((resolve) => client.once("close", resolve));
  client.on("error", () => {});
  say(connectionFrame(open.stream, frameTypes.refused));
  await closed;
});

test("a port in use is told by its error, and IPv6 is a matter of its own", async () => {
  const listen = (address: string, port: number | string) =>
    forwarder.ask(`listen ports ${address} ${port} 192.0.2.1 80 0.0.0.0`);
  const port = Number(await listen("127.0.0.1", 0));
  assert.equal(await listen("127.0.0.1", port), "EADDRINUSE");
  assert.equal(await listen("0.0.0.0", port), "EADDRINUSE");
  assert.equal(await listen("::", port), String(port));
  assert.equal(await listen("192.0.2.77", 0), "EADDRNOTAVAIL");
  for (const wrong of ["65536", "-1", "", "x", "1x"])
    assert.equal(await listen("127.0.0.1", wrong), "EINVAL", wrong);
  assert.equal(await listen("localhost", 0), "EINVAL");
});

test("what is no request is refused, and a line without an end loses its connection only", async () => {
  for (const line of ["", "listen", "grant a b", "grant a b relative", "grant a b /%", "x y z"])
    assert.equal(await forwarder.ask(line), "EINVAL", line);
  await assert.rejects(forwarder.ask("x".repeat(100_000)));
  assert.equal(await forwarder.ask("ping"), "");
});

test("who breaks the protocol loses his connections", async () => {
  await using own = await temporaryFolder();
  const broken = [
    connectionFrame(byGuest, 99),
    connectionFrame(byGuest, frameTypes.end, "x"),
    connectionFrame(byGuest, frameTypes.data),
    connectionFrame(1, frameTypes.open, "x"),
    Buffer.alloc(8, 0xff),
  ];
  for (const frame of broken) {
    await using short = await startForwarder(own.path);
    await short.ask("ping");
    const gone = once(short.process, "exit");
    short.machine.write(frame);
    assert.deepEqual(await gone, [0, null]);
    await rm(join(own.path, "machine"), { force: true });
  }
});
