import { DvmError } from "./errors.ts";

const names = [
  ...["core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc"],
  ...["rss", "rtprio", "rttime", "sigpending", "stack"],
];

/** `nofile=1024:2048` or `nofile=1024`; -1 is unlimited. */
export function parseUlimit(text: string): { Name: string; Soft: number; Hard: number } {
  const match = /^([^=]+)=(-?\d+)(?::(-?\d+))?$/.exec(text);
  const [, name = "", soft = ""] = match ?? [];
  if (match === null) throw new DvmError("invalid", `invalid ulimit argument: ${text}`);
  if (!names.includes(name)) throw new DvmError("invalid", `invalid ulimit type: ${name}`);
  const limit = { Name: name, Soft: Number(soft), Hard: Number(match[3] ?? soft) };
  if (limit.Hard >= 0 && (limit.Soft > limit.Hard || limit.Soft < 0))
    throw new DvmError(
      "invalid",
      `ulimit soft limit must be less than or equal to hard limit: ${soft} > ${match[3]}`,
    );
  return limit;
}
