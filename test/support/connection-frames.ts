import type { Socket } from "node:net";

/** Frames of guest/connections.h. */
export const frameTypes = { open: 1, data: 2, end: 3, window: 4, refused: 5, reset: 6 } as const;

export interface ConnectionFrame {
  stream: number;
  type: number;
  payload: Buffer;
}

/** Numbers of streams that the guest opens. */
export const byGuest = 0x8000_0000;
export const windowBytes = 131_072;

export function connectionFrame(
  stream: number,
  type: number,
  payload: Buffer | string = "",
): Buffer {
  const body = Buffer.from(payload);
  const header = Buffer.alloc(8);
  header.writeUInt32LE(stream, 0);
  header.writeUInt16LE(body.length, 4);
  header.writeUInt8(type, 6);
  return Buffer.concat([header, body]);
}

/** OPEN of a socket that was granted by this name. */
export function openSocket(stream: number, name: string): Buffer {
  return connectionFrame(stream, frameTypes.open, `\x02${name}`);
}

/** Frames that come, one after the other. */
export async function* connectionFrames(socket: Socket): AsyncGenerator<ConnectionFrame, void> {
  let bytes = Buffer.alloc(0);
  for await (const part of socket.iterator({ destroyOnReturn: false })) {
    bytes = Buffer.concat([bytes, part as Buffer]);
    while (bytes.length >= 8 && bytes.length >= 8 + bytes.readUInt16LE(4)) {
      const end = 8 + bytes.readUInt16LE(4);
      yield {
        stream: bytes.readUInt32LE(0),
        type: bytes.readUInt8(6),
        payload: bytes.subarray(8, end),
      };
      bytes = bytes.subarray(end);
    }
  }
}
