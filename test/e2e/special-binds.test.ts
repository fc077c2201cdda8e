import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { madeServer } from "../support/made-server.ts";
import { TestDaemon } from "../support/test-daemon.ts";

const image = "dvm-fixture:small";
let daemon: TestDaemon;
let tools: string[];

before(async () => {
  daemon = await TestDaemon.start({ images: ["small.docker-save.tar"] });
  tools = ["-v", `${await madeServer(daemon.root)}:/servers:ro`];
});
after(() => daemon?.[Symbol.asyncDispose]());

const tool = (program: string, ...words: string[]) => promisify(execFile)(program, words);
const run = (flags: string[], line: string) =>
  daemon.dvm(["run", "--rm", ...tools, ...flags, image, line]);

/** Says how much came when its client has half-closed. */
async function countingServer(path: string): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let count = 0;
    socket.on("data", (bytes: Buffer) => (count += bytes.length));
    socket.on("end", () => socket.end(`${count} bytes\n`));
    socket.on("error", () => {});
  }).listen(path);
  await once(server, "listening");
  return server;
}

test("the API's own socket is asked from inside a machine, by whoever may", async () => {
  const socket = join(daemon.root, "run/dvm.sock");
  const question = `printf 'GET /version HTTP/1.0\\r\\n\\r\\n' | /servers/server ask /var/run/docker.sock`;
  const asRoot = await run(["-v", `${socket}:/var/run/docker.sock`], question);
  assert.match(asRoot.stdout, /^HTTP\/1\.1 200 OK\r\n[^]*"ApiVersion"/, asRoot.stderr);
  const other = await run(["-u", "1000", "-v", `${socket}:/var/run/docker.sock`], question);
  assert.match(other.stderr, /connect: Permission denied/);
  const without = await run([], question);
  assert.match(without.stderr, /connect: No such file or directory/);
});

test("a bound socket has its mode and owner, carries half-closes, many at once, and 10 MB", async () => {
  const path = join(daemon.root, "count.sock");
  const server = await countingServer(path);
  await chmod(path, 0o666);
  const lines = [
    "stat -c '%F %a %u %g' /x/sock",
    "for n in $(seq 40); do (echo $n | /servers/server ask /x/sock) & done | sort | uniq -c; wait",
    "dd if=/dev/zero bs=1M count=10 2>/dev/null | /servers/server ask /x/sock",
  ];
  const result = await run(["-v", `${path}:/x/sock:ro`, "-u", "1000"], lines.join("; "));
  const counts = "      9 2 bytes\n     31 3 bytes\n";
  assert.equal(result.stdout, `socket 666 0 0\n${counts}10485760 bytes\n`, result.stderr);
  server.close();
});

test("the host's socket may go away and come back while a container runs", async () => {
  const path = join(daemon.root, "comes-and-goes.sock");
  const first = await countingServer(path);
  await daemon.succeeds(
    ["run", "-d", "--name", "waits", ...tools, "-v", `${path}:/sock`, image].concat("sleep 1000"),
  );
  const ask = () =>
    daemon.dvm(["exec", "waits", "sh", "-c", "echo hello | /servers/server ask /sock"]);
  assert.equal((await ask()).stdout, "6 bytes\n");
  first.close();
  await rm(path, { force: true });
  assert.equal((await ask()).stdout, "");
  const second = await countingServer(path);
  assert.equal((await ask()).stdout, "6 bytes\n");
  await daemon.endProcess("SIGKILL");
  await daemon.startProcess();
  assert.equal((await ask()).stdout, "6 bytes\n");
  await daemon.succeeds(["rm", "-f", "waits"]);
  second.close();
});

test("devices that every container has are bound, over a file and over nothing", async () => {
  const binds = ["null", "zero", "full", "random", "urandom", "tty"].flatMap((name) => [
    "-v",
    `/dev/${name}:/devices/${name}`,
  ]);
  const lines = [
    "stat -c '%F %t:%T %a' /etc/passwd /devices/*",
    "echo gone > /etc/passwd; wc -c < /etc/passwd",
    "head -c 4 /devices/zero | od -An -tx1; head -c 9 /devices/urandom | wc -c",
    "echo x > /devices/full",
  ];
  const result = await run([...binds, "-v", "/dev/null:/etc/passwd"], lines.join("; "));
  const kind = "character special file";
  assert.equal(
    result.stdout,
    [
      `${kind} 1:3 666\n${kind} 1:7 666\n${kind} 1:3 666\n${kind} 1:8 666\n`,
      `${kind} 5:0 666\n${kind} 1:9 666\n${kind} 1:5 666\n0\n 00 00 00 00\n9\n`,
    ].join(""),
  );
  assert.match(result.stderr, /No space left on device/);
});

test("what a machine can't have of the host is refused, with why", async () => {
  const [fifo, device, datagrams] = ["fifo", "device", "datagrams"].map((name) =>
    join(daemon.root, name),
  ) as [string, string, string];
  await tool("mkfifo", fifo);
  await tool("mknod", device, "c", "10", "200");
  await using _ = await datagramSocket(datagrams);
  const cases: [string, RegExp][] = [
    [fifo, /fifo is a fifo of the host, whose other end a machine does not reach/],
    [device, /device is a device of the host, which a machine does not have/],
    [datagrams, /is a socket of datagrams or packets: only stream sockets can be bound/],
  ];
  for (const [source, why] of cases) {
    const result = await run(["-v", `${source}:/x`], "true");
    assert.deepEqual([result.code, result.stdout], [125, ""]);
    assert.match(result.stderr, why);
  }
});

/** Node has none of its own. */
async function datagramSocket(path: string): Promise<AsyncDisposable> {
  const code = `import socket, sys
held = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
held.bind(sys.argv[1])
print("bound", flush=True)
sys.stdin.read()`;
  const holder = spawn("python3", ["-c", code, path], { stdio: ["pipe", "pipe", "inherit"] });
  await once(holder.stdout, "data");
  return {
    async [Symbol.asyncDispose]() {
      const ended = once(holder, "exit");
      holder.stdin.end();
      await ended;
    },
  };
}
