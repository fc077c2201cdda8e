import { registryOfAddress } from "../../base/registry-name.ts";
import { parseReference } from "../../image/reference.ts";
import type { Credentials } from "../../image/registry/credentials.ts";
import { logIn } from "../../image/registry/log-in.ts";
import { parseManifest, type DescribedPlatform } from "../../image/registry/manifest.ts";
import { fetchManifest } from "../../image/registry/manifests.ts";
import { fetchDocument } from "../../image/registry/blobs.ts";
import { parseImageConfig } from "../../image/image-config.ts";
import { connect } from "../../image/registry/registry-connection.ts";
import { repositoryOf } from "../../image/registry/repository.ts";
import { searchRegistry, type FoundRepository } from "../../image/registry/search.ts";
import { Transport } from "../../image/registry/transport.ts";
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
  const connection = await connect(transport, { ...reference, credentials, signal });
  const repository = repositoryOf(connection, reference);
  const wanted = reference.digest ?? reference.tag ?? "latest";
  const { digest, mediaType, body } = await fetchManifest(repository, wanted, { signal });
  const manifest = parseManifest(body, reference.familiar);
  const platforms: DescribedPlatform[] =
    manifest.kind === "index"
      ? manifest.manifests.flatMap(({ platform }) => platform ?? [])
      : [parseImageConfig((await fetchDocument(repository, manifest.config, signal)).toString())];
  return {
    ...{ digest, mediaType, sizeBytes: body.length },
    platforms: platforms.map(({ os, architecture, variant }) => ({ os, architecture, variant })),
  };
}

interface Signalled {
  signal?: AbortSignal | undefined;
}
