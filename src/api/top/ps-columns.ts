import {
  calendarTime,
  clockTime,
  elapsed,
  minutes,
  startOfDay,
  startShort,
  startYear,
} from "./ps-times.ts";
import type { PsProcess } from "./ps-process.ts";

/** A column of ps (procps-ng), by the words that ask for it. */
export interface PsColumn {
  title: string;
  value(process: PsProcess): string;
}

const kibi = 1024;
const longestUser = 8;

/** As ps cuts a name that is wider than its column. */
function userName(name: string): string {
  return name.length > longestUser ? `${name.slice(0, longestUser - 1)}+` : name;
}

const perMille = (part: number, whole: number): string => {
  const value = whole === 0 ? 0 : Math.floor((part * 1000) / whole);
  return `${Math.floor(value / 10)}.${value % 10}`;
};
const seconds = (ms: number) => Math.floor(ms / 1000);

function processorShare({ cpuMs, ageMs }: PsProcess): number {
  const age = seconds(ageMs);
  return age === 0 ? 0 : Math.floor((cpuMs / 1000 / age) * 1000);
}

function stateOf(process: PsProcess): string {
  const { state, nice, lockedBytes, session, pid, threads, foregroundGroup, processGroup } =
    process;
  return [
    state,
    nice < 0 ? "<" : nice > 0 ? "N" : "",
    lockedBytes > 0 ? "L" : "",
    session === pid ? "s" : "",
    threads > 1 ? "l" : "",
    foregroundGroup !== 0 && foregroundGroup === processGroup ? "+" : "",
  ].join("");
}

const policies = ["TS", "FF", "RR", "B", "ISO", "IDL", "DLN"];
const most = (value: number, limit: number) => String(Math.min(value, limit));
const column = (title: string, value: PsColumn["value"]): PsColumn => ({ title, value });
const number = (title: string, value: (process: PsProcess) => number): PsColumn => ({
  title,
  value: (process) => String(value(process)),
});

export const psColumns: Readonly<Record<string, PsColumn>> = {
  "%cpu": column("%CPU", (one) => perMille(Math.min(processorShare(one), 999), 1000)),
  "%mem": column("%MEM", ({ residentBytes, memoryBytes }) => perMille(residentBytes, memoryBytes)),
  addr: column("ADDR", () => "-"),
  args: column("COMMAND", ({ command }) => command),
  bsdstart: column("START", startOfDay),
  bsdtime: column("TIME", ({ cpuMs }) => minutes(cpuMs)),
  c: column("C", (one) => most(Math.floor(processorShare(one) / 10), 99)),
  class: column("CLS", ({ policy }) => policies[policy] ?? "?"),
  comm: column("COMMAND", ({ name }) => name),
  cp: column("CP", (one) => most(processorShare(one), 999)),
  cputimes: number("TIME", ({ cpuMs }) => seconds(cpuMs)),
  egid: number("EGID", ({ effectiveGid }) => effectiveGid),
  egroup: column("EGROUP", ({ group }) => userName(group)),
  etime: column("ELAPSED", ({ ageMs }) => elapsed(ageMs)),
  etimes: number("ELAPSED", ({ ageMs }) => seconds(ageMs)),
  euid: number("EUID", ({ effectiveUid }) => effectiveUid),
  euser: column("EUSER", ({ user }) => userName(user)),
  f: column("F", ({ flags }) => ((flags >>> 6) & 7).toString(8)),
  gid: number("GID", ({ effectiveGid }) => effectiveGid),
  group: column("GROUP", ({ group }) => userName(group)),
  lstart: column("STARTED", calendarTime),
  majflt: number("MAJFL", ({ majorFaults }) => majorFaults),
  minflt: number("MINFL", ({ minorFaults }) => minorFaults),
  ni: column("NI", ({ nice, policy }) => (policy === 0 || policy === 3 ? String(nice) : "-")),
  nlwp: number("NLWP", ({ threads }) => threads),
  opri: number("PRI", ({ priority }) => priority + 60),
  pgid: number("PGID", ({ processGroup }) => processGroup),
  pid: number("PID", ({ pid }) => pid),
  policy: number("POL", ({ policy }) => policy),
  ppid: number("PPID", ({ ppid }) => ppid),
  pri: number("PRI", ({ priority }) => 39 - priority),
  pribsd: number("PRI", ({ priority }) => priority),
  psr: number("PSR", ({ processor }) => processor),
  rgid: number("RGID", ({ gid }) => gid),
  rgroup: column("RGROUP", ({ gid, effectiveGid, group }) =>
    gid === effectiveGid ? userName(group) : String(gid),
  ),
  rss: number("RSS", ({ residentBytes }) => Math.floor(residentBytes / kibi)),
  ruid: number("RUID", ({ uid }) => uid),
  ruser: column("RUSER", ({ uid, effectiveUid, user }) =>
    uid === effectiveUid ? userName(user) : String(uid),
  ),
  s: column("S", ({ state }) => state),
  sid: number("SID", ({ session }) => session),
  start: column("STARTED", startShort),
  stat: column("STAT", stateOf),
  stime: column("STIME", startYear),
  sz: number("SZ", ({ virtualBytes }) => Math.floor(virtualBytes / 4096)),
  time: column("TIME", ({ cpuMs }) => clockTime(cpuMs)),
  tpgid: number("TPGID", ({ foregroundGroup }) => (foregroundGroup === 0 ? -1 : foregroundGroup)),
  tty: column("TTY", ({ tty }) => tty),
  uid: number("UID", ({ effectiveUid }) => effectiveUid),
  user: column("USER", ({ user }) => userName(user)),
  vsz: number("VSZ", ({ virtualBytes }) => Math.floor(virtualBytes / kibi)),
  wchan: column("WCHAN", () => "-"),
};

/** Other words for columns, with the titles that they have then. */
export const psAliases: Readonly<Record<string, readonly [key: string, title?: string]>> = {
  pcpu: ["%cpu"],
  pmem: ["%mem"],
  cmd: ["args", "CMD"],
  command: ["args"],
  ucmd: ["comm", "CMD"],
  ucomm: ["comm"],
  fname: ["comm"],
  cls: ["class"],
  pol: ["policy"],
  cputime: ["time"],
  times: ["cputimes"],
  flag: ["f"],
  flags: ["f"],
  nice: ["ni"],
  thcount: ["nlwp", "THCNT"],
  pgrp: ["pgid", "PGRP"],
  sess: ["sid", "SESS"],
  session: ["sid", "SESS"],
  maj_flt: ["majflt"],
  min_flt: ["minflt"],
  rssize: ["rss"],
  rsz: ["rss", "RSZ"],
  vsize: ["vsz"],
  start_time: ["stime", "START"],
  state: ["s"],
  tname: ["tty"],
  tt: ["tty", "TT"],
  uname: ["user"],
  lwp: ["pid", "LWP"],
  spid: ["pid", "SPID"],
  tid: ["pid", "TID"],
};
