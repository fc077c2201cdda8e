import { DvmError } from "../base/errors.ts";

/** A mirror of Docker Hub's, as dockerd takes it: a URL without a path. */
export function checkMirror(text: string): URL {
  const fail = (fact: string) => new DvmError("invalid", `invalid mirror: ${fact}`);
  if (!/^[^:/]+:\/\//.test(text))
    throw fail(`no scheme specified for "${text}": must use either 'https://' or 'http://'`);
  const url = URL.parse(text);
  if (url === null) throw fail(`"${text}" is not a valid URI`);
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw fail(
      `unsupported scheme "${url.protocol.slice(0, -1)}" in "${text}": must use either 'https://' or 'http://'`,
    );
  if (url.search !== "" || url.hash !== "")
    throw fail(`query or fragment at end of the URI "${text}"`);
  if (url.username !== "" || url.password !== "")
    throw fail(
      `username/password not allowed in URI "${url.protocol}//${url.username}:xxxxx@${url.host}"`,
    );
  return url;
}
