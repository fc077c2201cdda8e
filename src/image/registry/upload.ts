import { DvmError } from "../../base/errors.ts";
import { Digester, digestOf } from "../digest.ts";
import { answerError } from "./answer-error.ts";
import { discard, type HttpAnswer } from "./http-request.ts";
import type { Repository } from "./repository.ts";
import { withRetries } from "./with-retries.ts";

interface Options {
  signal?: AbortSignal | undefined;
}

/** A blob that came to be there: what a manifest says of it. */
export interface UploadedBlob {
  digest: string;
  size: number;
}

/**
 * Sends a blob whose digest is known only at its end, as one stream (PATCH in chunks, then PUT with
 * the digest). `open` gives the bytes anew for each try.
 */
export async function uploadStream(
  repository: Repository,
  open: () => AsyncIterable<Uint8Array>,
  { signal }: Options = {},
): Promise<UploadedBlob> {
  return withRetries({ ...repository.connection.transport.retries, signal }, async () => {
    const location = await startUpload(repository, new URLSearchParams(), { signal });
    if (location === undefined) throw noLocation(repository);
    const digester = new Digester();
    const sent = await repository.connection.request({
      method: "PATCH",
      path: location,
      headers: { "Content-Type": "application/octet-stream" },
      body: digester.through(open()),
      scopes: repository.scopes,
      signal,
    });
    if (sent.status < 200 || sent.status >= 300) throw await uploadError(repository, sent);
    discard(sent);
    const digest = digester.digest();
    await finishUpload(repository, followingLocation(sent, location), { digest, signal });
    return { digest, size: digester.bytes };
  });
}

/** Sends a small blob in one go. */
export async function uploadDocument(
  repository: Repository,
  body: Buffer,
  { signal }: Options = {},
): Promise<UploadedBlob> {
  const digest = digestOf(body);
  await withRetries({ ...repository.connection.transport.retries, signal }, async () => {
    const location = await startUpload(repository, new URLSearchParams(), { signal });
    if (location === undefined) throw noLocation(repository);
    await finishUpload(repository, location, { digest, body, signal });
  });
  return { digest, size: body.length };
}

/** Lets the registry take the blob from another of its repositories; false when it doesn't. */
export async function mountBlob(
  repository: Repository,
  { digest, from }: { digest: string; from: string },
  { signal }: Options = {},
): Promise<boolean> {
  const { connection, scopes } = repository;
  const query = new URLSearchParams({ mount: digest, from });
  const wider = { ...repository, scopes: [...scopes, `repository:${from}:pull`] };
  return withRetries({ ...connection.transport.retries, signal }, async () => {
    const location = await startUpload(wider, query, { signal });
    if (location === undefined) return true;
    await cancelUpload(wider, location, signal);
    return false;
  });
}

/** Where to send the bytes; undefined when the registry needs none, as it has mounted the blob. */
async function startUpload(
  repository: Repository,
  query: URLSearchParams,
  { signal }: Options,
): Promise<URL | undefined> {
  const text = query.size === 0 ? "" : `?${query.toString()}`;
  const answer = await repository.connection.request({
    method: "POST",
    path: `${repository.name}/blobs/uploads/${text}`,
    scopes: repository.scopes,
    signal,
  });
  if (answer.status !== 201 && answer.status !== 202) throw await uploadError(repository, answer);
  discard(answer);
  if (answer.status === 201) return undefined;
  if (answer.headers.location === undefined) throw noLocation(repository);
  return followingLocation(answer, answer.url);
}

async function finishUpload(
  repository: Repository,
  location: URL,
  { digest, body, signal }: { digest: string; body?: Buffer } & Options,
): Promise<void> {
  const path = new URL(location);
  path.searchParams.set("digest", digest);
  const answer = await repository.connection.request({
    method: "PUT",
    path,
    headers: body === undefined ? {} : { "Content-Type": "application/octet-stream" },
    scopes: repository.scopes,
    body,
    signal,
  });
  if (answer.status < 200 || answer.status >= 300) throw await uploadError(repository, answer);
  discard(answer);
}

/** Registries forget uploads that were begun by themselves, so a refusal is no failure. */
async function cancelUpload(repository: Repository, path: URL, signal?: AbortSignal) {
  const { connection, scopes } = repository;
  const answer = await connection.request({ method: "DELETE", path, scopes, signal });
  discard(answer);
}

/** Behind a proxy that ends TLS, registries give plain http URLs of themselves. */
function followingLocation(answer: HttpAnswer, from: URL): URL {
  const { location } = answer.headers;
  const next = location === undefined ? from : URL.parse(location, from.href);
  if (next === null || !/^https?:$/.test(next.protocol))
    throw new DvmError("damaged", `cannot send to ${from.host}: it names no place for the bytes`);
  if (from.protocol === "https:" && next.protocol === "http:") next.protocol = "https:";
  return next;
}

function uploadError({ familiar }: Repository, answer: HttpAnswer): Promise<DvmError> {
  return answerError(answer, `failed to push to ${familiar}`);
}

function noLocation({ familiar }: Repository): DvmError {
  return new DvmError("damaged", `failed to push to ${familiar}: no place for the bytes was named`);
}
