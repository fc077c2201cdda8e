import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attempt } from "./attempt.ts";
import { bareRuntime } from "./bare-runtime.ts";
import { findDistribution, type Distribution } from "./distribution.ts";
import { Dockerd } from "./dockerd.ts";
import { DvmDaemon } from "./dvm-daemon.ts";
import { DvmEngine } from "./dvm-engine.ts";
import type { Found, Peer } from "./peer.ts";
import { PlainGuests } from "./plain-guests.ts";
import { findPodman, type Podman } from "./podman.ts";
import { PrivateHost } from "./private-host.ts";

/** Ready machines for each image: the default on hosts of 8 GB and more. */
const poolSize = 2;

/** All who are compared. Each is started when it is first asked for, and ended with this. */
export class Contenders implements AsyncDisposable {
  readonly #resources = new AsyncDisposableStack();
  readonly #say: (text: string) => void;
  readonly #work: string;
  readonly #started = new Map<string, Promise<unknown>>();
  /** Of the peers that were asked for, by their names. */
  readonly versions = new Map<string, string>();

  private constructor(work: string, say: (text: string) => void) {
    this.#work = work;
    this.#say = say;
    this.#resources.defer(() => rm(work, { recursive: true, force: true }));
  }

  static async start(say: (text: string) => void): Promise<Contenders> {
    return new Contenders(await mkdtemp(join(tmpdir(), "dvm-bench-")), say);
  }

  /** A folder that goes with the benchmark. Its path is short. */
  get work(): string {
    return this.#work;
  }

  /** The daemon without a pool. */
  withoutPool(): Promise<DvmDaemon> {
    return this.#once("DVM without a pool", async () =>
      this.#resources.use(await DvmDaemon.start({ poolSize: 0 })),
    );
  }

  /** Each start is a boot. */
  cold(): Promise<DvmEngine> {
    return this.#engine(() => this.withoutPool(), "cold");
  }

  /** Each start is a clone of a template. */
  clone(): Promise<DvmEngine> {
    return this.#engine(() => this.withoutPool(), "clone");
  }

  /** Each start takes a machine that stands ready. */
  pool(): Promise<DvmEngine> {
    const daemon = () =>
      this.#once("DVM with a pool", async () =>
        this.#resources.use(await DvmDaemon.start({ poolSize })),
      );
    return this.#engine(daemon, "pool");
  }

  docker(): Promise<Found<Dockerd>> {
    return this.#find("docker", async () =>
      this.#resources.use(await Dockerd.start(await this.#privateHost(), this.#work)),
    );
  }

  podman(): Promise<Found<Podman>> {
    return this.#find("podman", async () => findPodman(await this.#privateHost(), this.#work));
  }

  /** runc or crun. */
  bare(program: "runc" | "crun"): Promise<Found<Peer>> {
    return this.#find(program, async () =>
      bareRuntime(program, await this.#privateHost(), this.#work),
    );
  }

  /** Two machines without a daemon, each of which serves by `wire` at `port`. */
  async plainGuests(wire: string, port: number): Promise<Found<PlainGuests>> {
    return attempt("plain QEMU guest", async () =>
      this.#resources.use(
        await PlainGuests.start(await this.#privateHost(), { work: this.#work, wire, port }),
      ),
    );
  }

  distribution(): Promise<Found<Distribution>> {
    return this.#find("Debian VM", () => findDistribution(this.#say));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }

  async #engine(daemon: () => Promise<DvmDaemon>, origin: "cold" | "clone" | "pool") {
    const started = await daemon();
    return new DvmEngine(started, origin, await started.version());
  }

  #privateHost(): Promise<PrivateHost> {
    return this.#once("private host", async () => this.#resources.use(await PrivateHost.start()));
  }

  /** A peer that doesn't work here is told about, and left out. */
  #find<T extends { version: string }>(name: string, start: () => Promise<T>): Promise<Found<T>> {
    return this.#once(name, async () => {
      const found = await attempt(name, start);
      if ("peer" in found) this.versions.set(name, found.peer.version);
      else this.#say(`${name} is left out: ${found.reason}`);
      return found;
    });
  }

  #once<T>(name: string, start: () => Promise<T>): Promise<T> {
    const known = this.#started.get(name) as Promise<T> | undefined;
    if (known !== undefined) return known;
    const starting = start();
    this.#started.set(name, starting);
    return starting;
  }
}
