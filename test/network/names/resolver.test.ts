import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { after, before, test } from "node:test";
import {
  decode,
  encode,
  type Answer,
  type DecodedPacket,
  type OptAnswer,
  type RecordType,
} from "dns-packet";
import { parseEgress } from "../../../src/network/egress/egress-policy.ts";
import { NameBook } from "../../../src/network/names/name-book.ts";
import { type Opened, Resolver } from "../../../src/network/names/resolver.ts";

const [web, db] = ["a".repeat(64), "b".repeat(64)] as [string, string];
const book = new NameBook();
const outside = nameServer();
const opened: { container: string; list: readonly Opened[] }[] = [];
const resolver = () =>
  new Resolver({
    book,
    hostServers: async () => ["127.0.0.1"],
    port: outside.port,
    open: async (container, list) => void opened.push({ container, list }),
  });

before(async () => {
  await outside.start();
  const common = { servers: [], setsDots: false };
  const front = { network: "1", networkName: "front", internal: false, links: [] };
  const addresses = Array.from({ length: 60 }, (_, index) => `10.0.0.${index + 3}`);
  book.set({
    ...common,
    container: web,
    endpoints: [{ ...front, names: ["web"], addresses: ["10.0.0.2", "fd00::2"] }],
  });
  book.set({
    ...common,
    container: db,
    endpoints: [{ ...front, names: ["db", "many"], addresses }],
  });
});
after(() => outside.end());

test("containers are answered for by A, AAAA and PTR, in the letters that were asked in", async () => {
  const a = await ask("A", "WeB.front");
  assert.deepEqual(a.answers, [{ ...record("A", "WeB.front"), data: "10.0.0.2" }]);
  assert.equal(a.flag_ra && a.flag_rd, true);
  const aaaa = await ask("AAAA", "web");
  assert.deepEqual(
    aaaa.answers?.map((one) => "data" in one && one.data),
    ["fd00::2"],
  );
  const ptr = await ask("PTR", "2.0.0.10.in-addr.arpa");
  assert.deepEqual(
    ptr.answers?.map((one) => "data" in one && one.data),
    ["web.front"],
  );
});

test("a name without addresses of a family, and without mail servers, is no failure", async () => {
  for (const type of ["AAAA", "MX"] as const) {
    const { rcode, answers } = (await ask(type, "db")) as DecodedPacket & { rcode: string };
    assert.deepEqual([rcode, answers], ["NOERROR", []], type);
  }
});

test("addresses come in another order each time", async () => {
  const orders = new Set<string>();
  for (let count = 0; count < 20; count++) {
    const { answers = [] } = await ask("A", "many", { isLong: true });
    orders.add(JSON.stringify(answers));
    assert.equal(answers.length, 60);
  }
  assert(orders.size > 15);
});

test("what is too long for UDP is cut, as its client wishes", async () => {
  const short = await ask("A", "many");
  assert.equal(short.flag_tc, true);
  assert.equal(short.answers?.length, 30);
  const long = await ask("A", "many", { udpSize: 4096 });
  assert.deepEqual([long.flag_tc, long.answers?.length], [false, 60]);
});

test("what no container is called is asked of the host's servers, by the same way", async () => {
  outside.answers = (query) => ({
    ...query,
    answers: [{ ...record("A", "x.example"), data: "192.0.2.1" }],
  });
  for (const isLong of [false, true]) {
    const { answers, id } = await ask("A", "x.example", { isLong });
    assert.deepEqual(
      answers?.map((one) => "data" in one && one.data),
      ["192.0.2.1"],
    );
    assert.equal(id, 77);
  }
  assert.deepEqual(outside.ways.slice(-2), ["udp", "tcp"]);
});

test("an answer of the outside's reaches the container as it is: no such name, too", async () => {
  outside.answers = (query) => ({ ...query, flags: 3 });
  assert.equal(((await ask("A", "nowhere.example")) as { rcode?: string }).rcode, "NXDOMAIN");
});

test("servers that can't, refuse or are silent come to one failure", async () => {
  for (const code of [2, 5]) {
    outside.answers = (query) => ({ ...query, flags: code });
    assert.equal(((await ask("A", "x.example")) as { rcode?: string }).rcode, "SERVFAIL");
  }
});

test("who is on internal networks alone is not led outside", async () => {
  const id = "c".repeat(64);
  const endpoint = {
    network: "2",
    networkName: "inner",
    internal: true,
    links: [],
    names: ["in"],
    addresses: ["10.9.0.2"],
  };
  book.set({ container: id, endpoints: [endpoint], servers: [], setsDots: false });
  const asked = outside.ways.length;
  assert.equal(
    ((await ask("A", "x.example", { container: id })) as { rcode?: string }).rcode,
    "SERVFAIL",
  );
  assert.equal(outside.ways.length, asked);
  assert.equal((await ask("A", "in", { container: id })).answers?.length, 1);
});

test("who chose servers asks them himself", async () => {
  const id = "d".repeat(64);
  book.set({ container: id, endpoints: [], servers: ["9.9.9.9", "::1"], setsDots: false });
  const verdict = await resolver().resolve(id, message("A", "x.example"), { isLong: false });
  assert.deepEqual(verdict, { ask: ["9.9.9.9", "::1"] });
});

test("with ndots set, a name of one label stays inside", async () => {
  const id = "e".repeat(64);
  book.set({ container: id, endpoints: [], servers: ["9.9.9.9"], setsDots: true });
  const { rcode, answers } = (await ask("A", "single", { container: id })) as DecodedPacket & {
    rcode: string;
  };
  assert.deepEqual([rcode, answers], ["NOERROR", []]);
});

test("what breaks the rules of DNS is answered by no more than a code, if at all", async () => {
  const legal = message("A", "web", { udpSize: 4096 });
  const whole = resolver();
  for (let count = 0; count < 20_000; count++) {
    const spoiled = Buffer.from(
      legal.subarray(0, count % 3 === 0 ? randomInt(legal.length) : undefined),
    );
    for (let times = randomInt(4); times >= 0 && spoiled.length > 4; times--)
      spoiled[randomInt(2, spoiled.length)] = randomInt(256);
    const text = count % 5 === 0 ? randomBytes(randomInt(64)) : spoiled;
    outside.answers = () => undefined;
    // names that others would be asked for are left out
    void whole.resolve("f".repeat(64), text, { isLong: false });
  }
  const last = await whole.resolve("f".repeat(64), legal, { isLong: false });
  assert(last !== undefined && "answer" in last);
  assert.equal(await whole.resolve(web, Buffer.alloc(3), { isLong: false }), undefined);
  const response = Buffer.from(legal);
  response[2] = 0x80;
  assert.equal(await whole.resolve(web, response, { isLong: false }), undefined);
});

interface AskOptions {
  container?: string;
  isLong?: boolean;
  udpSize?: number;
}

async function ask(
  type: RecordType,
  name: string,
  options: AskOptions = {},
): Promise<DecodedPacket> {
  const { container = web, isLong = false } = options;
  const verdict = await resolver().resolve(container, message(type, name, options), { isLong });
  assert(verdict !== undefined && "answer" in verdict);
  return decode(verdict.answer);
}

function message(type: RecordType, name: string, { udpSize }: AskOptions = {}): Buffer {
  const option: OptAnswer = {
    ...{ type: "OPT" as const, name: ".", udpPayloadSize: udpSize ?? 0, extendedRcode: 0 },
    ...{ ednsVersion: 0, flags: 0, flag_do: false, options: [] },
  };
  return encode({
    ...{ type: "query", id: 77, flags: 0x100, questions: [{ type, name }] },
    ...(udpSize === undefined ? {} : { additionals: [option] }),
  });
}

function record(type: "A", name: string) {
  return { ...{ name, type, ttl: 600, class: "IN" as const, flush: false } };
}

interface FakeAnswer {
  answers?: Answer[];
  flags?: number;
}

/** A name server on this host that says what a test has it say. */
function nameServer() {
  const udp = createSocket("udp4");
  const made = {
    port: 0,
    ways: [] as string[],
    answers: (_query: FakeAnswer): FakeAnswer | undefined => undefined,
    async start(): Promise<void> {
      // a port that both protocols have free
      await new Promise<void>((resolve) => tcp.listen(0, "127.0.0.1", resolve));
      const place = tcp.address();
      assert(typeof place === "object" && place !== null);
      made.port = place.port;
      await new Promise<void>((resolve) => udp.bind(place.port, "127.0.0.1", resolve));
    },
    end: () => {
      udp.close();
      tcp.close();
    },
  };
  const answerTo = (query: Buffer, way: string): Buffer | undefined => {
    made.ways.push(way);
    const { id, questions } = decode(query);
    const said = made.answers({});
    return said && encode({ type: "response", id: id ?? 0, questions: questions ?? [], ...said });
  };
  udp.on("message", (query, { port, address }) => {
    const answer = answerTo(query, "udp");
    if (answer !== undefined) udp.send(answer, port, address);
  });
  const tcp = createServer((socket) =>
    socket
      .on("data", (text) => {
        const answer = answerTo(text.subarray(2), "tcp");
        if (answer === undefined) return;
        const length = Buffer.alloc(2);
        length.writeUInt16BE(answer.length);
        socket.write(Buffer.concat([length, answer]));
      })
      .on("error", () => {}),
  );
  return made;
}

test("egress rules: a listed name is answered and opened for its time, all else refused and counted", async () => {
  const id = "9".repeat(64);
  const egress = parseEgress("x.example:443 *.y.example 10.0.0.0/8");
  const front = { network: "1", networkName: "front", internal: false, links: [] };
  const endpoints = [{ ...front, names: ["held"], addresses: ["10.0.0.99"] }];
  book.set({ container: id, endpoints, servers: [], setsDots: false, egress });
  const data = { ...record("A", "x.example"), ttl: 30, data: "192.0.2.1" };
  outside.answers = (query) => ({ ...query, answers: [data] });
  const whole = resolver();
  const said = async (name: string) => {
    const verdict = await whole.resolve(id, message("A", name), { isLong: false });
    assert(verdict !== undefined && "answer" in verdict);
    return (decode(verdict.answer) as DecodedPacket & { rcode: string }).rcode;
  };
  opened.length = 0;
  assert.equal(await said("x.example"), "NOERROR");
  assert.equal(await said("a.y.example"), "NOERROR");
  assert.deepEqual(opened, [
    { container: id, list: [{ rule: 0, address: "192.0.2.1", seconds: 30 }] },
    { container: id, list: [{ rule: 1, address: "192.0.2.1", seconds: 30 }] },
  ]);
  const asked = outside.ways.length;
  for (const name of ["y.example", "other.example", "other.example"])
    assert.equal(await said(name), "REFUSED", name);
  assert.equal(outside.ways.length, asked, "nothing of it leaves the host");
  assert.equal(await said("web"), "NOERROR", "containers of its networks are not outside");
  assert.deepEqual(whole.refusals.of(id), [
    { destination: "y.example", count: 1 },
    { destination: "other.example", count: 2 },
  ]);
});
