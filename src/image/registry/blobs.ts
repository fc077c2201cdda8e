import { DvmError } from "../../base/errors.ts";
import { digestOf } from "../digest.ts";
import { answerError } from "./answer-error.ts";
import { discard, type HttpAnswer } from "./http-request.ts";
import type { Descriptor } from "./manifest.ts";
import { readDocument } from "./read-document.ts";
import type { Repository } from "./repository.ts";
import { withRetries } from "./with-retries.ts";

/** Of a configuration, as of any document that is kept in memory. */
const maximumDocumentBytes = 8 * 2 ** 20;

/** A small blob, such as a configuration, checked. */
export async function fetchDocument(
  repository: Repository,
  descriptor: Descriptor,
  signal?: AbortSignal,
): Promise<Buffer> {
  return withRetries({ ...repository.connection.transport.retries, signal }, async () => {
    const answer = await openBlob(repository, descriptor.digest, { from: 0, signal });
    const body = await readDocument(answer, {
      limit: maximumDocumentBytes,
      what: `the configuration of ${repository.familiar}`,
    });
    const digest = digestOf(body);
    if (digest === descriptor.digest) return body;
    throw new DvmError(
      "damaged",
      `cannot read the configuration of ${repository.familiar}: it should be ${descriptor.digest}, but is ${digest}`,
    );
  });
}

/** A blob's bytes from an offset on: status 206, or 200 with all of it where ranges aren't known. */
export async function openBlob(
  repository: Repository,
  digest: string,
  { from, signal }: { from: number; signal?: AbortSignal | undefined },
): Promise<HttpAnswer> {
  const answer = await repository.connection.request({
    method: "GET",
    path: `${repository.name}/blobs/${digest}`,
    // compressed on the way, lengths and offsets would mean something else
    headers: { "Accept-Encoding": "identity", ...(from > 0 ? { Range: `bytes=${from}-` } : {}) },
    scopes: repository.scopes,
    signal,
  });
  if (answer.status === 200 || (answer.status === 206 && from > 0)) return answer;
  throw await answerError(answer, `cannot get ${digest} of ${repository.familiar}`);
}

/** The size of a blob that the repository has; undefined when it has it not. */
export async function findBlob(
  repository: Repository,
  digest: string,
  signal?: AbortSignal,
): Promise<{ size: number } | undefined> {
  const { connection, name, familiar, scopes } = repository;
  return withRetries({ ...connection.transport.retries, signal }, async () => {
    const path = `${name}/blobs/${digest}`;
    const answer = await connection.request({ method: "HEAD", path, scopes, signal });
    if (answer.status === 404) {
      discard(answer);
      return undefined;
    }
    if (answer.status !== 200) throw await answerError(answer, `cannot look into ${familiar}`);
    discard(answer);
    return { size: Number(answer.headers["content-length"] ?? 0) };
  });
}
