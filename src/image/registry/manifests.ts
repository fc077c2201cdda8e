import { DvmError } from "../../base/errors.ts";
import { digestOf, digestPattern } from "../digest.ts";
import { answerError, readRefusal } from "./answer-error.ts";
import { discard, mediaTypeOf, type HttpAnswer } from "./http-request.ts";
import { isOldSchema, maximumManifestBytes, mediaTypes, oldSchema } from "./manifest.ts";
import { readDocument } from "./read-document.ts";
import type { Repository } from "./repository.ts";
import { withRetries } from "./with-retries.ts";

/** A manifest or index as it came. */
export interface RawManifest {
  digest: string;
  mediaType: string;
  body: Buffer;
}

const accepted = [
  mediaTypes.ociIndex,
  mediaTypes.dockerIndex,
  mediaTypes.ociManifest,
  mediaTypes.dockerManifest,
].join(", ");

interface Options {
  signal?: AbortSignal | undefined;
}

/** The manifest of a tag or digest. One that was asked for by digest has that digest. */
export async function fetchManifest(
  repository: Repository,
  tagOrDigest: string,
  { signal }: Options = {},
): Promise<RawManifest> {
  const what = nameOf(repository, tagOrDigest);
  return withRetries({ ...repository.connection.transport.retries, signal }, async () => {
    const answer = await ask(repository, { method: "GET", tagOrDigest, signal });
    if (answer.status !== 200) throw await manifestError(answer, repository, what);
    const mediaType = mediaTypeOf(answer);
    if (isOldSchema(mediaType)) {
      discard(answer);
      throw oldSchema(what);
    }
    const body = await readDocument(answer, {
      limit: maximumManifestBytes,
      what: `the manifest of ${what}`,
    });
    const digest = digestOf(body);
    if (tagOrDigest.startsWith("sha256:") && digest !== tagOrDigest)
      throw new DvmError("damaged", `cannot read the manifest of ${what}: it is ${digest}`);
    return { digest, mediaType, body };
  });
}

/** What a tag stands for now, where the registry tells without sending it; undefined otherwise. */
export async function resolveTag(
  repository: Repository,
  tag: string,
  { signal }: Options = {},
): Promise<string | undefined> {
  return withRetries({ ...repository.connection.transport.retries, signal }, async () => {
    const answer = await ask(repository, { method: "HEAD", tagOrDigest: tag, signal });
    discard(answer);
    // some registries know no HEAD: the GET that follows finds out what is wrong
    if (answer.status !== 200) return undefined;
    const digest = answer.headers["docker-content-digest"];
    return typeof digest === "string" && digestPattern.test(digest) ? digest : undefined;
  });
}

/** Stores a manifest under a tag or its digest, once all that it names is there. Gives its digest. */
export async function putManifest(
  repository: Repository,
  tagOrDigest: string,
  { mediaType, body, signal }: { mediaType: string; body: Buffer } & Options,
): Promise<string> {
  const digest = digestOf(body);
  await withRetries({ ...repository.connection.transport.retries, signal }, async () => {
    const answer = await repository.connection.request({
      method: "PUT",
      path: manifestPath(repository, tagOrDigest),
      headers: { "Content-Type": mediaType },
      scopes: repository.scopes,
      body,
      signal,
    });
    if (answer.status < 200 || answer.status >= 300)
      throw await answerError(answer, `failed to push ${nameOf(repository, tagOrDigest)}`);
    discard(answer);
  });
  return digest;
}

function ask(
  repository: Repository,
  { method, tagOrDigest, signal }: { method: "GET" | "HEAD"; tagOrDigest: string } & Options,
): Promise<HttpAnswer> {
  return repository.connection.request({
    method,
    path: manifestPath(repository, tagOrDigest),
    headers: { Accept: accepted },
    scopes: repository.scopes,
    signal,
  });
}

function manifestPath({ name }: Repository, tagOrDigest: string): string {
  return `${name}/manifests/${tagOrDigest}`;
}

/** In docker's words: who may not look is not told whether there is something. */
async function manifestError(
  answer: HttpAnswer,
  { familiar }: Repository,
  what: string,
): Promise<DvmError> {
  const { code, said } = await readRefusal(answer);
  if (code === "not-found") return new DvmError(code, `manifest for ${what} not found: ${said}`);
  if (code !== "unauthorized")
    return new DvmError(code, `cannot get the manifest of ${what}: ${said}`);
  return new DvmError(
    "not-found",
    `pull access denied for ${familiar}, repository does not exist or may require 'dvm login': ${said}`,
  );
}

function nameOf({ familiar }: Repository, tagOrDigest: string): string {
  return `${familiar}${tagOrDigest.startsWith("sha256:") ? "@" : ":"}${tagOrDigest}`;
}
