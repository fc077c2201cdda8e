import { registryOfAddress } from "../../base/registry-name.ts";
import { parseReference } from "../../image/reference.ts";
import type { Credentials } from "../../image/registry/credentials.ts";
import { logIn } from "../../image/registry/log-in.ts";
import {
  type Descriptor,
  parseManifest,
  type DescribedPlatform,
} from "../../image/registry/manifest.ts";
import { fetchManifest } from "../../image/registry/manifests.ts";
import { fetchDocument } from "../../image/registry/blobs.ts";
import { parseImageConfig } from "../../image/image-config.ts";
import type { Repository } from "../../image/registry/repository.ts";
import { searchRegistry, type FoundRepository } from "../../image/registry/search.ts";
import { Transport } from "../../image/registry/transport.ts";
import { firstSource, fromAny } from "../../image/transfer/image-sources.ts";
import type { Engine } from "../core.ts";

export type { Credentials } from "../../image/registry/credentials.ts";

/** Checks credentials with a registry, by its address or host; gives an identity token if it does. */
export async function logInTo(
  { parts }: Engine,
  { address, credentials, signal }: { address: string; credentials: Credentials } & Signalled,
): Promise<string | undefined> {
  using transport = new Transport(parts.registries);
  const registry = registryOfAddress(address);
  return (await logIn(transport, { registry, credentials, signal })).identityToken;
}

export async function searchImages(
  { parts }: Engine,
  search: { term: string; limit: number; credentials: Credentials } & Signalled,
): Promise<FoundRepository[]> {
  using transport = new Transport(parts.registries);
  return await searchRegistry(transport, search);
}

export interface RemoteDescription {
  mediaType: string;
  digest: string;
  sizeBytes: number;
  platforms: DescribedPlatform[];
}

/** What a registry has under a name, without fetching it. */
export async function describeRemoteImage(
  { parts }: Engine,
  { name, credentials, signal }: { name: string; credentials: Credentials } & Signalled,
): Promise<RemoteDescription> {
  using transport = new Transport(parts.registries);
  const reference = parseReference(name);
  const wanted = reference.digest ?? reference.tag ?? "latest";
  const { result, sources } = await firstSource(
    transport,
    { reference, credentials, signal },
    (source) => fetchManifest(source, wanted, { signal }),
  );
  const { digest, mediaType, body } = result;
  const manifest = parseManifest(body, reference.familiar);
  const platforms: DescribedPlatform[] =
    manifest.kind === "index"
      ? manifest.manifests.flatMap(({ platform }) => platform ?? [])
      : [parseImageConfig(await fromAny(sources, configOf(manifest.config, signal)))];
  return {
    ...{ digest, mediaType, sizeBytes: body.length },
    platforms: platforms.map(({ os, architecture, variant }) => ({ os, architecture, variant })),
  };
}

function configOf(descriptor: Descriptor, signal: AbortSignal | undefined) {
  return async (source: Repository) =>
    (await fetchDocument(source, descriptor, signal)).toString("utf8");
}

interface Signalled {
  signal?: AbortSignal | undefined;
}
