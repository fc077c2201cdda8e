import { posix } from "node:path";

/** An absolute, clean path; a `/.` or `/` at its end keeps its meaning, as docker has it. */
export function containerPath(path: string): string {
  const clean = posix.join("/", path);
  if (clean === "/") return posix.basename(path) === "." ? "/." : "/";
  const plain = clean.replace(/\/$/, "");
  if (posix.basename(path) === ".") return `${plain}/.`;
  return path.endsWith("/") ? `${plain}/` : plain;
}

/** What an archive of `path` calls its first entry, and a stat its file. */
export function archiveName(path: string): string {
  return posix.basename(path) === "" ? "/" : posix.basename(path);
}
