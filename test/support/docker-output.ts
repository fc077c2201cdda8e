import type { Readable } from "node:stream";

/** Output of a container, as it was told apart. */
export interface DockerOutput {
  stdout: string;
  stderr: string;
  /** Both, in the order in which they came. */
  all: string;
}

const headerBytes = 8;

/**
 * Reads Docker's multiplexed stream, or with `raw` a terminal's bytes, to its end or until `enough`
 * says so; then it hangs up.
 */
export async function outputOf(
  source: Readable,
  { raw = false, enough = () => false }: { raw?: boolean; enough?: (all: string) => boolean } = {},
): Promise<DockerOutput> {
  const output: DockerOutput = { stdout: "", stderr: "", all: "" };
  let rest: Buffer = Buffer.alloc(0);
  const add = (stream: "stdout" | "stderr", bytes: Buffer) => {
    output[stream] += bytes.toString();
    output.all += bytes.toString();
  };
  for await (const chunk of source as AsyncIterable<Buffer>) {
    if (raw) add("stdout", chunk);
    else rest = takeFrames(Buffer.concat([rest, chunk]), add);
    if (enough(output.all)) break;
  }
  return output;
}

/** Gives back what is no whole frame yet. */
function takeFrames(
  bytes: Buffer,
  add: (stream: "stdout" | "stderr", bytes: Buffer) => void,
): Buffer {
  let rest = bytes;
  while (rest.length >= headerBytes) {
    const end = headerBytes + rest.readUInt32BE(4);
    if (rest.length < end) break;
    add(rest[0] === 2 ? "stderr" : "stdout", rest.subarray(headerBytes, end));
    rest = rest.subarray(end);
  }
  return rest;
}
