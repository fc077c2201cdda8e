import { open } from "node:fs/promises";

const pieceBytes = 2 ** 20;

/** Where two files part, for a person; undefined when they have the same bytes. */
export async function firstDifference(one: string, other: string): Promise<string | undefined> {
  await using first = await open(one, "r");
  await using second = await open(other, "r");
  const [a, b] = [Buffer.alloc(pieceBytes), Buffer.alloc(pieceBytes)];
  const sizes = [(await first.stat()).size, (await second.stat()).size] as const;
  const said = sizes[0] === sizes[1] ? "" : `; it has ${sizes[0]} bytes, the other ${sizes[1]}`;
  const shorter = Math.min(...sizes);
  for (let at = 0; at < shorter; at += pieceBytes) {
    const length = Math.min(pieceBytes, shorter - at);
    await first.read(a, 0, length, at);
    await second.read(b, 0, length, at);
    const index = a.findIndex((byte, index) => index < length && byte !== b[index]);
    if (index !== -1) return `differs from byte ${at + index} on${said}`;
  }
  return said === "" ? undefined : `differs from byte ${shorter} on${said}`;
}
