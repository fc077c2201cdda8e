import { open, type FileHandle } from "node:fs/promises";
import { DvmError } from "../../base/errors.ts";
import { openBlob } from "./blobs.ts";
import { connectionError, type HttpAnswer } from "./http-request.ts";
import type { Descriptor } from "./manifest.ts";
import type { Repository } from "./repository.ts";
import { mayPass, waitBeforeRetry } from "./with-retries.ts";

export interface Download {
  /** Where it may be had; the next one is tried when one fails. */
  sources: readonly Repository[];
  blob: Descriptor;
  /** Holds the beginning that came before, and in the end all of it. */
  file: string;
  signal?: AbortSignal | undefined;
  /** How much is there now. */
  onProgress?: ((bytes: number) => void) | undefined;
  onRetry?: ((error: DvmError, seconds: number) => void) | undefined;
}

/** A try that brought as much as this was no failure to be counted. */
const worthwhileBytes = 64 * 1024;
const readBytes = 256 * 1024;

/**
 * The bytes of a blob in order: those that `file` holds first, then the registry's, which go to
 * `file` as they come. After a cut the registry is asked for the rest only. The length is checked,
 * the digest is the reader's to check.
 */
export async function* downloadBlob(download: Download): AsyncGenerator<Buffer> {
  const { blob, file } = download;
  await using target = await open(file, "a+", 0o600);
  let { size: have } = await target.stat();
  if (have > blob.size) {
    await target.truncate(0);
    have = 0;
  }
  yield* storedBytes(target, have);
  download.onProgress?.(have);
  for (let failures = 0; have < blob.size;) {
    const before = have;
    try {
      for await (const chunk of remainder(download, have, failures)) {
        await target.appendFile(chunk);
        have += chunk.length;
        download.onProgress?.(have);
        yield chunk;
      }
    } catch (error) {
      failures = have - before >= worthwhileBytes ? 1 : failures + 1;
      await beforeNextTry(download, failures, error);
    }
  }
}

/** Bytes from `from` to the end, as one answer brings them; throws `unavailable` when it is cut. */
async function* remainder(
  { sources, blob, signal }: Download,
  from: number,
  failures: number,
): AsyncGenerator<Buffer> {
  const source = sources[failures % sources.length];
  if (source === undefined) throw new DvmError("internal", "cannot download: from nowhere");
  const answer = await openBlob(source, blob.digest, { from, signal });
  let skip = answer.status === 206 ? checkedRange(answer, from) : from;
  let left = blob.size - from;
  try {
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      const fresh = chunk.subarray(skip);
      skip -= chunk.length - fresh.length;
      if (fresh.length > left) throw wrongLength(blob, source, "more");
      left -= fresh.length;
      if (fresh.length > 0) yield fresh;
    }
  } catch (error) {
    throw connectionError(answer.url, error);
  } finally {
    answer.body.destroy();
  }
  if (left > 0)
    throw new DvmError("unavailable", wrongLength(blob, source, `${left} bytes less`).message);
}

/** What to skip of an answer that says where it starts. */
function checkedRange(answer: HttpAnswer, from: number): number {
  const start = /^bytes (\d+)-/.exec(answer.headers["content-range"] ?? "")?.[1];
  if (Number(start) === from) return 0;
  answer.body.destroy();
  throw new DvmError(
    "damaged",
    `cannot go on downloading from ${answer.url.host}: asked for byte ${from}, it sends from ${start ?? "?"}`,
  );
}

async function* storedBytes(file: FileHandle, length: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < length;) {
    const buffer = Buffer.allocUnsafe(Math.min(readBytes, length - at));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) throw new DvmError("damaged", "cannot go on downloading: a file shrank");
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Another source is asked at once, the only one later and later. */
async function beforeNextTry(download: Download, failures: number, error: unknown): Promise<void> {
  const { sources, signal, onRetry } = download;
  const retries = sources[0]?.connection.transport.retries;
  if (retries === undefined || signal?.aborted === true) throw error;
  if (failures >= retries.attempts + sources.length - 1) throw error;
  if (failures < sources.length && error instanceof DvmError) return;
  if (!mayPass(error)) throw error;
  await waitBeforeRetry({ ...retries, signal, onRetry }, failures, error);
}

function wrongLength(blob: Descriptor, { familiar }: Repository, fact: string): DvmError {
  return new DvmError(
    "damaged",
    `cannot get ${blob.digest} of ${familiar}: it has ${fact} than the ${blob.size} bytes that its manifest says`,
  );
}
