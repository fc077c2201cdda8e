/** How a registry wants to be spoken to, by its `WWW-Authenticate`. */
export type Challenge =
  | { kind: "basic" }
  | { kind: "bearer"; realm: string; service: string | undefined; scope: string | undefined };

/** Parses the header by RFC 9110 as far as registries use it; `Bearer` beats `Basic`. */
export function parseChallenge(header: string | undefined): Challenge | undefined {
  if (header === undefined) return undefined;
  const bearer = /(?:^|,)\s*bearer\s+(.*)$/i.exec(header)?.[1];
  if (bearer !== undefined) {
    const parameters = new Map<string, string>();
    for (const [, name = "", quoted, plain] of bearer.matchAll(
      /([a-z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi,
    ))
      parameters.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, "$1") ?? plain ?? "");
    const realm = parameters.get("realm");
    if (realm !== undefined)
      return {
        kind: "bearer",
        realm,
        service: parameters.get("service"),
        scope: parameters.get("scope"),
      };
  }
  return /(?:^|,)\s*basic(?:\s|$)/i.test(header) ? { kind: "basic" } : undefined;
}
