/** A setting of the daemon, by a flag and by a key of its file, in the words of Docker's daemon.json. */
export interface DaemonOption {
  /** In the file. */
  key: string;
  /** On the command line, where it isn't the key. */
  flag?: string;
  short?: string;
  kind: OptionKind;
  /** What the help names the value. */
  value?: string;
  summary: string;
  /** Whether only the file, or only the command line, has it. */
  only?: "file" | "flag";
}

export type OptionKind = "boolean" | "integer" | "text" | "size" | "list" | "map" | OfFile;

/** Kinds of values that are objects in the file. */
type OfFile = "ulimits" | "pools" | "proxies";

/** A setting of dockerd's that DVM has no use for. Values that ask for what is so anyway are taken. */
export interface RefusedOption {
  key: string;
  flag?: string;
  kind: "boolean" | "integer" | "text" | "list" | "map";
  why: string;
  taken?: readonly unknown[];
}

export function flagName({ key, flag }: Pick<DaemonOption, "key" | "flag">): string {
  return flag ?? key;
}
