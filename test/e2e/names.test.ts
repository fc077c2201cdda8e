import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { createServer } from "node:http";
import { networkInterfaces } from "node:os";
import { after, before, test } from "node:test";
import { decode, encode } from "dns-packet";
import { TestDaemon } from "../support/test-daemon.ts";

const image = "dvm-fixture:small";
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start({ images: ["small.docker-save.tar"] });
  await daemon.succeeds(["network", "create", "front"]);
});
after(() => daemon?.[Symbol.asyncDispose]());

const forever = [image, "while :; do sleep 1; done"];

test("containers of a network find each other by name, while no daemon runs, too", async () => {
  const flags = ["-d", "--network", "front", "--network-alias", "www"];
  await daemon.succeeds(["run", ...flags, "--name", "web", ...forever]);
  const line =
    "while :; do ping -c1 -W5 www >/tmp/now 2>&1 && cp /tmp/now /tmp/last; sleep 0.2; done";
  await daemon.succeeds(["run", "-d", "--network", "front", "--name", "client", image, line]);
  const last = () => daemon.succeeds(["exec", "client", "sh", "-c", "cat /tmp/last; rm /tmp/last"]);
  while (!(await last().catch(() => "")).includes("PING www")) continue;
  await daemon.endProcess("SIGKILL");
  await new Promise((resolve) => setTimeout(resolve, 3000));
  await daemon.startProcess();
  assert.match(await last(), /PING www \(\d+\.\d+\.\d+\.\d+\)/);
});

test("egress rules: a listed name is reached for its time to live, and nothing else is", async (t) => {
  const address = Object.values(networkInterfaces())
    .flatMap((of) => of ?? [])
    .find(({ family, internal }) => family === "IPv4" && !internal)?.address;
  const names = createSocket("udp4");
  const isBound = await new Promise<boolean>((resolve) => {
    names.once("error", () => resolve(false));
    names.bind(53, "127.9.9.9", () => resolve(true));
  });
  if (!isBound || address === undefined) {
    t.skip("port 53 of a loopback address, and an address of the host's, are needed");
    return;
  }
  names.on("message", (query, from) => {
    const { id = 0, questions = [] } = decode(query);
    const [question] = questions;
    const data = { type: "A", name: question?.name ?? "", ttl: 3, data: address } as const;
    const answers = question?.type === "A" ? [data] : [];
    names.send(encode({ type: "response", id, questions, answers }), from.port, from.address);
  });
  const server = createServer((_, answer) => answer.end("reached\n")).listen(0, "0.0.0.0");
  await new Promise((resolve) => server.once("listening", resolve));
  const place = server.address();
  assert(typeof place === "object" && place !== null);
  const { port } = place;
  try {
    const flags = ["-d", "--name", "held", "--dns", "127.9.9.9", "--egress", `a.example:${port}`];
    await daemon.succeeds(["run", ...flags, ...forever]);
    const fetched = async (host: string) => {
      const line = `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 5 ${host} ${port} | tail -n 1`;
      return (await daemon.dvm(["exec", "held", "sh", "-c", line])).stdout;
    };
    assert.equal(await fetched(address), "", "its address alone opens nothing");
    assert.equal(await fetched("b.example"), "");
    assert.equal(await fetched("a.example"), "reached\n");
    await new Promise((resolve) => setTimeout(resolve, 4000));
    assert.equal(await fetched(address), "", "its time is over");
    assert.equal(await fetched("a.example"), "reached\n", "it is opened anew");
    const shown = async () => daemon.succeeds(["inspect", "-f", "{{json .Dvm.Egress}}", "held"]);
    while (!/b\.example/.test(await shown())) await new Promise((r) => setTimeout(r, 200));
    assert.match(await shown(), new RegExp(`${address}:${port}/tcp`));
  } finally {
    names.close();
    server.close();
  }
});
