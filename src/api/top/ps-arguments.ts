import { DvmError } from "../../base/errors.ts";
import { type PsColumn, psAliases, psColumns } from "./ps-columns.ts";

/** What words of ps ask for. */
export interface PsRequest {
  columns: PsColumn[];
  /** Columns to sort by, the first one first. */
  sort: { column: PsColumn; isDescending: boolean }[];
  isForest: boolean;
}

/** Letters, as they were given. */
interface Letters {
  sysv: Set<string>;
  bsd: Set<string>;
  columns: PsColumn[];
  sort: PsRequest["sort"];
  isForest: boolean;
}

const sysvPlain = "AadeNFfjlycwH";
const bsdPlain = "axuwfljcngrS";
const threads = "LTm";

/** Reads words as ps (procps-ng) does, in its words where they are none. */
export function parsePsArguments(text: string): PsRequest {
  const letters: Letters = {
    ...{ sysv: new Set<string>(), bsd: new Set<string>() },
    ...{ columns: [], sort: [], isForest: false },
  };
  const words = text.split(" ").filter((word) => word !== "");
  while (words.length > 0) {
    const word = words.shift() ?? "";
    if (word.startsWith("--")) readLong(letters, word, words);
    else if (word.startsWith("-")) readShort(letters, word.slice(1), words, sysvRules);
    else readShort(letters, word, words, bsdRules);
  }
  const { columns, sort, isForest } = letters;
  return { columns: columns.length > 0 ? columns : defaultColumns(letters), sort, isForest };
}

interface Rules {
  kind: "sysv" | "bsd";
  plain: string;
  fault: string;
}

const sysvRules: Rules = { kind: "sysv", plain: sysvPlain, fault: "unsupported SysV option" };
const bsdRules: Rules = {
  kind: "bsd",
  plain: bsdPlain,
  fault: "unsupported option (BSD syntax)",
};

function readShort(letters: Letters, word: string, rest: string[], rules: Rules): void {
  if (word === "") throw fault(rules.fault);
  for (let at = 0; at < word.length; at += 1) {
    const letter = word[at] ?? "";
    if (threads.includes(letter)) throw noThreads();
    if (letter === "o" || (letter === "k" && rules.kind === "bsd")) {
      const value = word.slice(at + 1) || rest.shift();
      if (letter === "k") letters.sort.push(...sortKeys(value));
      else letters.columns.push(...userColumns(value));
      return;
    }
    if (!rules.plain.includes(letter)) throw fault(rules.fault);
    letters[rules.kind].add(letter);
    if (letter === "H" || (letter === "f" && rules.kind === "bsd")) letters.isForest = true;
  }
}

function readLong(letters: Letters, word: string, rest: string[]): void {
  const [name = "", ...given] = word.slice(2).split("=");
  const value = () => (given.length > 0 ? given.join("=") : rest.shift());
  if (name === "forest") letters.isForest = true;
  else if (name === "sort") letters.sort.push(...sortKeys(value()));
  else if (name === "format") letters.columns.push(...userColumns(value()));
  else if (["cols", "columns", "width"].includes(name)) value();
  else if (name !== "headers" && name !== "cumulative") throw fault("unknown gnu long option");
}

/** `pid,user=OWNER`: a title takes all that is left. */
function userColumns(text: string | undefined): PsColumn[] {
  if (text === undefined) throw fault("format specification must follow -o");
  const [, plain = "", title] = /^([^=]*)(?:=(.*))?$/s.exec(text) ?? [];
  const columns = plain
    .split(/[,\s]+/)
    .filter((name) => name !== "")
    .map(columnNamed);
  const last = columns.pop();
  if (last === undefined) throw fault("empty format list");
  return [...columns, title === undefined ? last : { ...last, title }];
}

function columnNamed(name: string): PsColumn {
  const [key, title] = psAliases[name] ?? [name];
  const column = psColumns[key];
  if (column === undefined || !Object.hasOwn(psColumns, key))
    throw fault(`unknown user-defined format specifier ${JSON.stringify(name)}`);
  return title === undefined ? column : { ...column, title };
}

function sortKeys(text: string | undefined): PsRequest["sort"] {
  if (text === undefined) throw fault("long sort specification must follow --sort");
  return text.split(",").map((key) => {
    const name = key.replace(/^[+-]/, "");
    const [of] = psAliases[name] ?? [name];
    const column = psColumns[of];
    if (column === undefined || !Object.hasOwn(psColumns, of))
      throw fault("unknown sort specifier");
    return { column, isDescending: key.startsWith("-") };
  });
}

const named = (names: string) => names.split(" ").map(columnNamed);

/** The columns that letters stand for. */
function defaultColumns({ sysv, bsd }: Letters): PsColumn[] {
  if (bsd.has("u")) return named("user pid %cpu %mem vsz rss tty stat bsdstart bsdtime command");
  if (bsd.has("l")) return named("f uid pid ppid pribsd ni vsz rss wchan tty stat bsdtime command");
  if (bsd.has("j")) return named("ppid pid pgid sid tty tpgid stat uid bsdtime command");
  if (sysv.has("l")) return longColumns(sysv);
  if (sysv.has("F")) return withUserAsId(named("uid pid ppid c sz rss psr stime tty time cmd"));
  if (sysv.has("f"))
    return withUserAsId(
      named(`uid pid ppid ${sysv.has("j") ? "pgid sid " : ""}c stime tty time cmd`),
    );
  if (sysv.has("j")) return named("pid pgid sid tty time ucmd");
  if (bsd.size > 0) return named("pid tty stat bsdtime command");
  return named("pid tty time ucmd");
}

function longColumns(sysv: ReadonlySet<string>): PsColumn[] {
  const first = sysv.has("y") ? "s" : "f s";
  const size = sysv.has("y") ? "rss sz" : "addr sz";
  const stime = sysv.has("f") ? "stime " : "";
  const command = sysv.has("f") ? "cmd" : "ucmd";
  const columns = named(
    `${first} uid pid ppid c opri ni ${size} wchan ${stime}tty time ${command}`,
  );
  return sysv.has("f") ? withUserAsId(columns) : columns;
}

/** With `-f` a user's name stands below `UID`. */
function withUserAsId(columns: PsColumn[]): PsColumn[] {
  return columns.map((column) =>
    column.title === "UID" ? { ...columnNamed("user"), title: "UID" } : column,
  );
}

function fault(why: string): DvmError {
  return new DvmError("unclassified", `ps: error: ${why}`);
}

function noThreads(): DvmError {
  return new DvmError(
    "unsupported",
    "cannot list threads: DVM's top shows processes only, their threads by -o nlwp",
  );
}
