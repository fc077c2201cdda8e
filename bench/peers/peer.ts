/** Someone that runs containers, asked in the way that people ask it. */
export interface Peer {
  /** Its name in tables. */
  name: string;
  version: string;
  /** One whole `run --rm … true`: milliseconds from the client's start to its end. */
  runTrue(): Promise<number>;
  /** Starts a container that idles. */
  startIdle(): Promise<IdleContainer>;
}

export interface IdleContainer extends AsyncDisposable {
  /** One whole `exec … true`, as {@link Peer.runTrue}. */
  execTrue(): Promise<number>;
}

/** One that can't be asked here. */
export interface Absent {
  of: string;
  reason: string;
}

/** A peer, or why there is none. */
export type Found<T> = { peer: T } | Absent;
