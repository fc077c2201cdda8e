import { makeTar } from "./tar.ts";

const blockBytes = 512;
const chunkFiles = 1000;

/** A tar of so many empty files, a multiple of a thousand, as it flows by. */
export function* manyFiles(count: number): Generator<Buffer> {
  const block = makeTar([{ path: "files/0000000" }]).subarray(0, blockBytes);
  const sum = Number.parseInt(block.toString("latin1", 148, 154), 8);
  for (let first = 0; first < count; first += chunkFiles) {
    const chunk = Buffer.alloc(chunkFiles * blockBytes, block);
    for (let index = 0; index < chunkFiles; index += 1) {
      const header = chunk.subarray(index * blockBytes);
      header.write(String(first + index).padStart(7, "0"), 6, "latin1");
      let more = 0;
      for (let left = first + index; left > 0; left = Math.floor(left / 10)) more += left % 10;
      header.write((sum + more).toString(8).padStart(6, "0"), 148, "latin1");
    }
    yield chunk;
  }
  yield Buffer.alloc(2 * blockBytes);
}
