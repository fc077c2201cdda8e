import { randomUUID } from "node:crypto";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { DvmError } from "../../base/errors.ts";
import { limiter } from "../../base/limiter.ts";
import { digestHex } from "../digest.ts";
import { downloadBlob } from "../registry/download-blob.ts";
import type { Descriptor } from "../registry/manifest.ts";
import type { Repository } from "../registry/repository.ts";
import { stageLayer, type StagedLayer } from "../layer/stage-layer.ts";
import { byteProgress, layerLabel, type OnProgress } from "./transfer-progress.ts";

export interface LayerRequest {
  sources: readonly Repository[];
  blob: Descriptor;
  /** What the configuration says is in it. */
  diffId: string;
  signal?: AbortSignal | undefined;
  onProgress: OnProgress;
}

/** A layer that stays on disk until it is released. */
export interface LayerInUse extends AsyncDisposable {
  layer: StagedLayer;
}

interface Job {
  done: Promise<StagedLayer>;
  listeners: Set<OnProgress>;
  users: number;
  folder: string;
}

/** As docker's daemon has it. */
const parallelDownloads = 3;
const staleMs = 7 * 24 * 60 * 60 * 1000;

/**
 * Downloads layers and unpacks them as they come, each once however many ask for it. Packed bytes
 * are kept in `downloads/‹digest›` till `forget`, so that what came is not fetched again, by a later
 * daemon neither.
 */
export class LayerDownloads {
  readonly #downloads: string;
  readonly #staging: string;
  readonly #jobs = new Map<string, Job>();
  readonly #limited: ReturnType<typeof limiter>;

  private constructor(root: string, parallel: () => number) {
    this.#limited = limiter(parallel);
    this.#downloads = join(root, "downloads");
    this.#staging = join(root, "tmp");
  }

  /** `root`: the image store's; `parallel`: how many layers come at once. Removes what nobody came back for. */
  static async open(
    root: string,
    parallel: () => number = () => parallelDownloads,
  ): Promise<LayerDownloads> {
    const downloads = new LayerDownloads(root, parallel);
    await mkdir(downloads.#downloads, { recursive: true, mode: 0o700 });
    for (const name of await readdir(downloads.#downloads)) {
      const path = join(downloads.#downloads, name);
      if (Date.now() - (await stat(path)).mtimeMs > staleMs) await rm(path);
    }
    return downloads;
  }

  /** Whose turn comes first downloads; the others see its progress, and go on should it give up. */
  async fetch(request: LayerRequest): Promise<LayerInUse> {
    const { blob, diffId, signal, onProgress } = request;
    for (;;) {
      signal?.throwIfAborted();
      const running = this.#jobs.get(blob.digest);
      const job = running ?? this.#start(request);
      job.users += 1;
      job.listeners.add(onProgress);
      try {
        const layer = await withSignal(job.done, running === undefined ? undefined : signal);
        if (layer.diffId !== diffId) throw wrongContent(blob, layer, diffId);
        return { layer, [Symbol.asyncDispose]: () => this.#release(blob.digest, job) };
      } catch (error) {
        await this.#release(blob.digest, job);
        if (running === undefined || isContentError(error) || signal?.aborted === true) throw error;
      } finally {
        job.listeners.delete(onProgress);
      }
    }
  }

  /** Removes the packed bytes of layers that an image has now. */
  async forget(digests: readonly string[]): Promise<void> {
    for (const digest of digests)
      if (!this.#jobs.has(digest)) await rm(this.#file(digest), { force: true });
  }

  #start(request: LayerRequest): Job {
    const { digest } = request.blob;
    const listeners = new Set<OnProgress>();
    const folder = join(this.#staging, `layer-${randomUUID()}`);
    const tell: OnProgress = (line) => listeners.forEach((listener) => listener(line));
    const done = this.#limited(() => this.#stage({ ...request, onProgress: tell }, folder));
    const job: Job = { done, listeners, users: 0, folder };
    // whoever waits for it sees the error; whoever comes now starts anew
    done.catch(() => this.#drop(digest, job));
    this.#jobs.set(digest, job);
    return job;
  }

  #drop(digest: string, job: Job): void {
    if (this.#jobs.get(digest) === job) this.#jobs.delete(digest);
  }

  async #release(digest: string, job: Job): Promise<void> {
    job.users -= 1;
    if (job.users > 0) return;
    this.#drop(digest, job);
    await rm(job.folder, { recursive: true, force: true });
  }

  /** What an earlier run left may be damaged by a crash: then all is fetched anew, once. */
  async #stage(request: LayerRequest, folder: string): Promise<StagedLayer> {
    const file = this.#file(request.blob.digest);
    const hadSome = (await stat(file).catch(() => undefined))?.size ?? 0;
    try {
      return await this.#stageOnce(request, join(folder, "first"));
    } catch (error) {
      if (!isContentError(error)) throw error;
      await rm(file, { force: true });
      if (hadSome === 0) throw error;
      return await this.#stageOnce(request, join(folder, "second"));
    }
  }

  async #stageOnce(request: LayerRequest, folder: string): Promise<StagedLayer> {
    const { sources, blob, signal, onProgress } = request;
    const id = layerLabel(blob.digest);
    const bytes = downloadBlob({
      sources,
      blob,
      file: this.#file(blob.digest),
      signal,
      onProgress: byteProgress(onProgress, { id, status: "Downloading", total: blob.size }),
      onRetry: (_error, seconds) =>
        onProgress({ id, status: `Retrying in ${seconds} second${seconds === 1 ? "" : "s"}` }),
    });
    let layer: StagedLayer;
    try {
      layer = await stageLayer(bytes, folder, signal);
    } finally {
      // who stops in the middle of a layer doesn't tell its source
      await bytes.return(undefined);
    }
    if (layer.digest !== blob.digest) throw wrongContent(blob, layer, undefined);
    onProgress({ id, status: "Verifying Checksum" });
    onProgress({ id, status: "Download complete" });
    return layer;
  }

  #file(digest: string): string {
    return join(this.#downloads, digestHex(digest));
  }
}

/** `promise`, or the signal's reason when that comes first. */
async function withSignal<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** The bytes themselves are wrong: to ask for them again later doesn't help. */
function isContentError(error: unknown): boolean {
  return error instanceof DvmError && ["damaged", "invalid", "unsupported"].includes(error.code);
}

function wrongContent(blob: Descriptor, layer: StagedLayer, diffId: string | undefined): DvmError {
  const fact =
    diffId === undefined
      ? `it is ${layer.digest}`
      : `there is ${layer.diffId} in it, not ${diffId} as the configuration says`;
  return new DvmError(
    "damaged",
    `filesystem layer verification failed for ${blob.digest}: ${fact}`,
  );
}
