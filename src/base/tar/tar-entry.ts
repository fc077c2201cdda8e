export type EntryType = "file" | "hardlink" | "symlink" | "char" | "block" | "dir" | "fifo";

/** What a tar says of a file. Names are bytes, kept one to a character (latin1): tar knows no encoding. */
export interface TarHead {
  path: string;
  type: EntryType;
  /** Permission bits with setuid, setgid, sticky. */
  mode: number;
  uid: number;
  gid: number;
  sizeBytes: number;
  mtimeSeconds: number;
  mtimeNanoseconds: number;
  linkTarget: string;
  deviceMajor: number;
  deviceMinor: number;
  xattrs: ReadonlyMap<string, Buffer>;
}

export interface TarEntry extends TarHead {
  /** The tar doesn't hold the content as it is, but without its holes. */
  sparse?: true;
  /** The content, holes as zeros; what is left of it is skipped before the next entry. */
  body: () => AsyncGenerator<Buffer>;
}
