/** What of the host a container sees: a folder, or a single file. */
export interface SharedPath {
  /** By which the guest asks for it: 1 to 64 of 0-9 a-z A-Z _ . -, not beginning with a dot. */
  name: string;
  path: string;
  readOnly: boolean;
  /** Who watches it in the guest hears of what others change. */
  watched: boolean;
  /**
   * Who owns what the guest writes: `real` as the guest says (needs root on the host), `mapped` as
   * the guest says but kept in extended attributes, `ours` the daemon's user, whatever the guest
   * says.
   */
  owners: "real" | "mapped" | "ours";
}

/** Serves a machine's guest files of the host, as long as the machine lives. */
export interface FileServer {
  /** All at once; fails with `unavailable` and the reason. */
  add(shares: readonly SharedPath[]): Promise<void>;
  /** Takes back all whose names begin so: what the guest still holds of them is stale. */
  remove(prefix: string): Promise<void>;
  /** Settles when it has gone, and with it all locks that the guest had. */
  readonly gone: Promise<void>;
}

/** Where a machine's file server is. */
export interface FileServerPlace {
  /** The machine's run folder. */
  folder: string;
  /** Socket of the guest's port for files. */
  machineSocket: string;
}

export interface FileServers {
  /** The one of this machine, started where there is none. */
  open(place: FileServerPlace): Promise<FileServer>;
  /** The one that runs already, of an earlier daemon perhaps. */
  find(place: FileServerPlace): Promise<FileServer | undefined>;
}
