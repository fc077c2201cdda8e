import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { before, test } from "node:test";
import { promisify } from "node:util";
import { encodeFrame, FrameReader, syncFrame } from "../../src/agent/frames.ts";
import {
  decodeBootReport,
  decodeHello,
  decodeMemoryKills,
  decodeResumed,
  encodeCard,
  encodeClock,
  encodeContainer,
  encodeContainerId,
  encodeMachine,
  encodeNames,
  encodePreparation,
  encodeProcess,
} from "../../src/agent/messages.ts";
import { decodeHealthReport, encodeHealthCheck } from "../../src/agent/health.ts";
import { decodeProcesses, decodeStatistics } from "../../src/agent/measurements.ts";
import { decodeUses } from "../../src/agent/uses.ts";
import { nonceBytes, request } from "../../src/agent/protocol.ts";
import { treeRecords, type NewFile } from "../../src/agent/tree-writer.ts";
import { DvmError } from "../../src/base/errors.ts";
import { containerOn, networkOf, shell } from "../support/agent-machine.ts";

const guest = join(import.meta.dirname, "../../guest");
/** Bounds the time, not the claim: each round is a new input. */
const fuzzMs = 8_000;

before(() => promisify(execFile)("make", ["-s", "-C", guest, "fuzz"]));

/** A SYNC and `count` legal frames of random content. */
function legalStream(count: number): Buffer {
  const frames = [syncFrame(randomBytes(nonceBytes))];
  for (let index = 0; index < count; index += 1)
    frames.push(encodeFrame(randomInt(2, 37), randomInt(2 ** 32), randomBytes(randomInt(3000))));
  return Buffer.concat(frames);
}

/** The same with bits turned, pieces doubled, cut out or made of noise. */
function spoil(stream: Buffer): Buffer {
  let bytes = Buffer.from(stream);
  for (let change = randomInt(1, 30); change > 0; change -= 1) {
    const at = randomInt(bytes.length);
    const end = Math.min(bytes.length, at + randomInt(1, 200));
    const kind = randomInt(4);
    if (kind === 0) bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << randomInt(8)), at);
    else if (kind === 1) bytes = Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
    else if (kind === 2)
      bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(end), randomBytes(1)]);
    else randomBytes(end - at).copy(bytes, at);
  }
  return bytes;
}

/** Feeds the agent's parser, built with sanitizers; gives how many frames it found. */
async function agentParser(input: Buffer, program = "fuzz"): Promise<number> {
  const child = spawn(join(guest, "build", program), { stdio: ["pipe", "pipe", "pipe"] });
  let [out, errors] = ["", ""];
  child.stdout.on("data", (text) => (out += text));
  child.stderr.on("data", (text) => (errors += text));
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const [code]: unknown[] = await once(child, "close");
  assert.equal(code, 0, `input ${input.toString("base64").slice(0, 20_000)}\n${errors}`);
  return Number(out);
}

test("the agent's parser finds every frame of a legal stream, after any noise", async () => {
  for (const count of [0, 1, 7, 200])
    assert.equal(await agentParser(legalStream(count)), count + 1);
  const noise = randomBytes(5000);
  assert.equal(await agentParser(Buffer.concat([noise, legalStream(5)])), 6);
});

test("no input makes the agent's parser read or write where it may not", async () => {
  const end = Date.now() + fuzzMs;
  let rounds = 0;
  for (; Date.now() < end; rounds += 1) {
    const inputs = Array.from({ length: 40 }, () => spoil(legalStream(randomInt(1, 30))));
    await agentParser(Buffer.concat([...inputs, randomBytes(10_000)]));
  }
  assert(rounds > 3, `${rounds} rounds`);
});

test("the agent's reader of files finds every record, and no input leads it astray", async () => {
  async function* files(): AsyncGenerator<NewFile> {
    for (let index = 0; index < 20; index += 1)
      yield {
        ...{ path: `a/${index}`, type: "file", mode: 0o644, uid: 0, gid: 0, sizeBytes: 9 },
        ...{ mtimeSeconds: 1, mtimeNanoseconds: 2, linkTarget: "", deviceMajor: 0, deviceMinor: 0 },
        xattrs: new Map([["user.x", randomBytes(randomInt(300))]]),
        content: async function* () {
          yield randomBytes(9);
        },
      };
  }
  const pieces: Buffer[] = [];
  for await (const piece of treeRecords(files())) pieces.push(piece);
  const legal = Buffer.concat(pieces);
  assert.equal(await agentParser(legal, "fuzz_records"), 41);
  const end = Date.now() + fuzzMs / 2;
  while (Date.now() < end) await agentParser(spoil(legal), "fuzz_records");
});

/** One request of each kind, as the host sends it. */
function legalRequests(): { type: number; payload: Buffer }[] {
  const network = networkOf("pod", [0, 1]);
  const setup = containerOn(0, {
    network,
    naming: { hosts: "10.0.0.9\tname\n", resolver: "search a b\n", relay: "names-0" },
    mounts: [
      { kind: "share", share: "share0", target: "/data", readOnly: true },
      { kind: "tmpfs", target: "/tmp", readOnly: false, options: "size=1m" },
    ],
    sysctls: { "net.ipv4.ip_forward": "1" },
  });
  const spec = shell("true", { rlimits: [{ resource: 7, soft: 1n, hard: 2n }], groupsAdd: ["x"] });
  const { cards } = network;
  const [card] = cards;
  assert(card !== undefined);
  const attached = { ...card, addresses: ["10.1.0.2/16", "fd00::2/64"], gateways: ["10.1.0.1"] };
  const times = { intervalNs: 1, timeoutNs: 2, startPeriodNs: 0, startIntervalNs: 3 };
  const check = { ...times, retries: 3 };
  const clock = { guestNs: 1n, hostNs: 2n, doubtNs: 3n };
  return [
    {
      type: request.prepare,
      payload: encodePreparation({ disks: setup.disks, newScratch: true, image: false, cards }),
    },
    { type: request.setUp, payload: encodeMachine({ entropy: randomBytes(64) }, clock) },
    { type: request.setClock, payload: encodeClock(clock) },
    { type: request.create, payload: encodeContainer("id", setup) },
    {
      type: request.attachCard,
      payload: encodeCard("id", { ...attached, sysctls: { "net.ipv4.conf.eth0.mtu": "1" } }),
    },
    { type: request.names, payload: encodeNames("id", namingChange) },
    { type: request.health, payload: encodeHealthCheck("id", { ...check, probe: spec }) },
    { type: request.start, payload: Buffer.concat([encodeContainerId("id"), encodeProcess(spec)]) },
  ];
}

const namingChange = {
  hosts: { removed: ["10.0.0.9\tname"], added: ["10.0.0.8\tname"] },
  resolver: { before: "", after: "nameserver 127.0.0.11\n" },
  relay: "names-0",
};

/** As guest/fuzz_requests.c takes it. */
function asInput({ type, payload }: { type: number; payload: Buffer }): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(type);
  head.writeUInt32LE(payload.length, 1);
  return Buffer.concat([head, payload]);
}

test("the agent's readers of requests take what the host sends, and no input leads them astray", async () => {
  const legal = legalRequests();
  assert.equal(await agentParser(Buffer.concat(legal.map(asInput)), "fuzz_requests"), 8);
  const end = Date.now() + fuzzMs;
  let [rounds, whole] = [0, 0];
  for (; Date.now() < end; rounds += 1) {
    const spoiled = Array.from({ length: 200 }, () =>
      legal.map(({ type, payload }) => asInput({ type, payload: spoil(payload) })),
    ).flat();
    const cut = legal.map(({ type, payload }) =>
      asInput({ type, payload: payload.subarray(0, randomInt(payload.length)) }),
    );
    assert.equal(await agentParser(Buffer.concat(cut), "fuzz_requests"), 0);
    whole += await agentParser(Buffer.concat(spoiled), "fuzz_requests");
  }
  assert(rounds > 3 && whole > 0, `${rounds} rounds, ${whole} whole`);
});

test("the host's parser finds the same frames however the stream is cut", () => {
  for (let round = 0; round < 50; round += 1) {
    const nonce = randomBytes(nonceBytes);
    const frames = Array.from({ length: 20 }, () => ({
      type: randomInt(2, 36),
      id: randomInt(2 ** 32),
      payload: randomBytes(randomInt(2000)),
    }));
    const stream = Buffer.concat([
      randomBytes(randomInt(500)),
      syncFrame(nonce),
      ...frames.map(({ type, id, payload }) => encodeFrame(type, id, payload)),
    ]);
    const reader = new FrameReader(nonce);
    const found: typeof frames = [];
    for (let at = 0; at < stream.length;) {
      const piece = stream.subarray(at, at + randomInt(1, 700));
      for (const frame of reader.read(piece))
        found.push({ ...frame, payload: Buffer.from(frame.payload) });
      at += piece.length;
    }
    assert.deepEqual(found, frames);
  }
});

test("whatever a guest sends, the host refuses it as damaged or takes it, and nothing else", () => {
  const decoders = [
    decodeBootReport,
    decodeHealthReport,
    decodeHello,
    decodeMemoryKills,
    decodeProcesses,
    decodeResumed,
    decodeStatistics,
    decodeUses,
  ];
  const end = Date.now() + fuzzMs / 2;
  let refused = 0;
  while (Date.now() < end) {
    const nonce = randomBytes(nonceBytes);
    const reader = new FrameReader(nonce);
    const stream = Buffer.concat([syncFrame(nonce), spoil(legalStream(20).subarray(48))]);
    refused += refusals(() => {
      for (const { payload } of reader.read(stream))
        for (const decode of decoders) refused += refusals(() => decode(payload));
    });
  }
  assert(refused > 100, `${refused} refused`);
});

/** 1 when `action` throws "damaged", 0 when it doesn't throw; anything else fails the test. */
function refusals(action: () => unknown): number {
  try {
    action();
    return 0;
  } catch (error) {
    assert(error instanceof DvmError && error.code === "damaged", String(error));
    return 1;
  }
}
