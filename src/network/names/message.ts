import { isIPv6 } from "node:net";
import { decode, type DecodedPacket } from "dns-packet";
import { ipv6Digits } from "./reverse-name.ts";

/* DNS messages (RFC 1035, 6891), as far as whoever passes them on has to know them. */

export const responseCode = {
  ...{ none: 0, format: 1, server: 2, noSuchName: 3, notImplemented: 4, refused: 5 },
} as const;

/** A question, as a message asks it. */
export interface Query {
  /** The whole message. */
  bytes: Buffer;
  name: string;
  /** By its number: 1 is A. */
  type: number;
  class: number;
  /** Where what follows the question begins. */
  end: number;
  /** How long an answer by UDP may be. */
  udpSize: number;
}

const headerSize = 12;
const flag = { response: 0x8000, truncated: 0x200, wanted: 0x100, available: 0x80 };
/** Ours may be kept as long as Docker's. */
const lifetimeSeconds = 600;

/**
 * Reads what a client sends. A number: all that it deserves is an answer with this code; undefined:
 * no answer at all.
 */
export function readQuery(bytes: Buffer): Query | number | undefined {
  if (bytes.length < headerSize) return undefined;
  const flags = bytes.readUInt16BE(2);
  if (flags & flag.response) return undefined;
  if ((flags & 0x7800) !== 0) return responseCode.notImplemented;
  if (bytes.readUInt16BE(4) !== 1) return responseCode.format;
  try {
    const { name, end: at } = readName(bytes);
    const udpSize = Math.max(512, sizeSaidIn(decode(bytes)));
    const [type, kind] = [bytes.readUInt16BE(at), bytes.readUInt16BE(at + 2)];
    return { bytes, name, type, class: kind, end: at + 4, udpSize };
  } catch {
    return responseCode.format; // whatever is wrong with it
  }
}

/** The question's, which has nothing before it that it could point to. */
function readName(bytes: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  for (let at = headerSize; ;) {
    const length = bytes.readUInt8(at);
    if (length > 63) throw new RangeError("a label that is none");
    at += 1 + length;
    if (length === 0) return { name: labels.join("."), end: at };
    labels.push(labelText(bytes.subarray(at - length, at)));
  }
}

/** What isn't plain is seen as such, and is no container's name. */
function labelText(label: Buffer): string {
  return label.toString("latin1").replace(/[^!-~]|[.\\]/g, "\\$&");
}

function sizeSaidIn({ additionals = [] }: DecodedPacket): number {
  const option = additionals.find((one) => one.type === "OPT");
  return option?.type === "OPT" ? option.udpPayloadSize : 0;
}

/** An answer without records. */
export function emptyAnswer(query: Query | Buffer, code: number): Buffer {
  const { bytes, end } = Buffer.isBuffer(query) ? { bytes: query, end: headerSize } : query;
  const answer = Buffer.from(bytes.subarray(0, end));
  const flags = bytes.readUInt16BE(2) & flag.wanted;
  answer.writeUInt16BE(flag.response | flags | flag.available | code, 2);
  answer.writeUInt16BE(end === headerSize ? 0 : 1, 4);
  answer.fill(0, 6, headerSize);
  return answer;
}

/** An answer with records of the question's own name and type; cut, where it must not be so long. */
export function answerWith(query: Query, records: readonly Buffer[], limit: number): Buffer {
  const answer = emptyAnswer(query, responseCode.none);
  const fitting = records.filter(
    (_, index) => sizeOf(records.slice(0, index + 1)) <= limit - answer.length,
  );
  answer.writeUInt16BE(fitting.length, 6);
  if (fitting.length < records.length)
    answer.writeUInt16BE(answer.readUInt16BE(2) | flag.truncated, 2);
  return Buffer.concat([answer, ...fitting.map((record) => withHead(query, record))]);
}

/** Before a record's data: a pointer to the question's name, type, class, lifetime, length. */
const headSize = 12;

function sizeOf(records: readonly Buffer[]): number {
  return records.reduce((sum, record) => sum + headSize + record.length, 0);
}

function withHead({ type }: Query, record: Buffer): Buffer {
  const head = Buffer.alloc(headSize);
  head.writeUInt16BE(0xc000 | headerSize, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(lifetimeSeconds, 6);
  head.writeUInt16BE(record.length, 10);
  return Buffer.concat([head, record]);
}

const longestSeconds = 86_400;

/** Addresses that an answer tells, and for how long they hold; none of one that can't be read. */
export function addressesIn(answer: Buffer): { address: string; seconds: number }[] {
  try {
    return (decode(answer).answers ?? []).flatMap((record) =>
      record.type === "A" || record.type === "AAAA"
        ? [{ address: record.data, seconds: secondsOf(record.ttl ?? 0) }]
        : [],
    );
  } catch {
    return [];
  }
}

/** An answer that holds for no time at all is used once. */
function secondsOf(lifetime: number): number {
  return Math.min(longestSeconds, Math.max(2, lifetime));
}

/** Data of an A or AAAA record. */
export function addressData(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split(".").map(Number));
  return Buffer.from(ipv6Digits(address), "hex");
}

/** Data of a PTR record. */
export function nameData(name: string): Buffer {
  const labels = name.split(".").map((label) => Buffer.from(label.slice(0, 63), "latin1"));
  return Buffer.concat([
    ...labels.flatMap((label) => [Buffer.from([label.length]), label]),
    Buffer.alloc(1),
  ]);
}

/** What an answer's header says; undefined: it is none to this question. */
export function readAnswer(query: Query, bytes: Buffer): { code: number } | undefined {
  if (bytes.length < query.end) return undefined;
  const flags = bytes.readUInt16BE(2);
  const asked = query.bytes.subarray(headerSize, query.end);
  const isForIt =
    (flags & flag.response) !== 0 &&
    bytes.readUInt16BE(0) === query.bytes.readUInt16BE(0) &&
    sameQuestion(asked, bytes.subarray(headerSize, query.end));
  return isForIt ? { code: flags & 0xf } : undefined;
}

/** Letters of a name may come back in another case. */
function sameQuestion(a: Buffer, b: Buffer): boolean {
  return a.toString("latin1").toLowerCase() === b.toString("latin1").toLowerCase();
}
