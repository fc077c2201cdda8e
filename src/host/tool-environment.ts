/** Debian keeps mkfs and friends out of an ordinary user's PATH. */
const systemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * What programs of the host are run with: the environment that this process was given, which bin/
 * alone reads settings from, is handed on, with `more` on top. Their words are English, to be read.
 */
export function toolEnvironment(more: Record<string, string> = {}): NodeJS.ProcessEnv {
  return { ...process.env, PATH: toolPath(), LC_ALL: "C", ...more };
}

/** Folders that programs are looked for in, joined by colons. */
export function toolPath(): string {
  const own = process.env["PATH"] ?? "";
  return own === "" ? systemPath : `${own}:${systemPath}`;
}
