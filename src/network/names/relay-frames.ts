import { ipv6Digits } from "./reverse-name.ts";

/*
 * What a container's relay (guest/relay.h) and the resolver say to each other:
 *
 *   0        2      3         4       8          8+16*servers
 *   +--------+------+---------+-------+----------+-------------+
 *   | length | kind | servers |  tag  | servers  | DNS message |   big endian
 *   |  u16   |  u8  |   u8    |  u32  | 16 bytes |   length    |
 *   +--------+------+---------+-------+----------+-------------+
 *
 * An answer has the tag of its query. ASK has no message: the relay asks these servers itself.
 */

export const frameKind = { byUdp: 1, byTcp: 2, answer: 3, ask: 4 } as const;
const headerSize = 8;

/** A query that came from a container. */
export interface RelayQuery {
  tag: number;
  isLong: boolean;
  message: Buffer;
}

/** Cuts what comes into queries. */
export class RelayReader {
  #rest: Buffer = Buffer.alloc(0);

  /** Undefined: these bytes break the rules, and nothing that follows can be understood. */
  read(part: Buffer): RelayQuery[] | undefined {
    this.#rest = Buffer.concat([this.#rest, part]);
    const queries: RelayQuery[] = [];
    for (;;) {
      if (this.#rest.length < headerSize) return queries;
      const length = this.#rest.readUInt16BE(0);
      const kind = this.#rest.readUInt8(2);
      const isKnown = kind === frameKind.byUdp || kind === frameKind.byTcp;
      if (!isKnown || this.#rest.readUInt8(3) !== 0) return undefined;
      const end = headerSize + length;
      if (this.#rest.length < end) return queries;
      queries.push({
        ...{ tag: this.#rest.readUInt32BE(4), isLong: kind === frameKind.byTcp },
        message: Buffer.from(this.#rest.subarray(headerSize, end)),
      });
      this.#rest = this.#rest.subarray(end);
    }
  }
}

export function answerFrame(tag: number, message: Buffer): Buffer {
  return Buffer.concat([header(frameKind.answer, tag, { length: message.length }), message]);
}

export function askFrame(tag: number, servers: readonly string[]): Buffer {
  const addresses = servers.map((address) => Buffer.from(ipv6Digits(mapped(address)), "hex"));
  return Buffer.concat([
    header(frameKind.ask, tag, { length: 0, servers: servers.length }),
    ...addresses,
  ]);
}

function mapped(address: string): string {
  return address.includes(":") ? address : `::ffff:${address}`;
}

function header(kind: number, tag: number, counts: { length: number; servers?: number }): Buffer {
  const bytes = Buffer.alloc(headerSize);
  bytes.writeUInt16BE(counts.length, 0);
  bytes.writeUInt8(kind, 2);
  bytes.writeUInt8(counts.servers ?? 0, 3);
  bytes.writeUInt32BE(tag, 4);
  return bytes;
}
