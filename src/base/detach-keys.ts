import { DvmError } from "./errors.ts";

/** `ctrl-p,ctrl-q`, or what is given instead → the bytes that a terminal sends for them. */
export function parseDetachKeys(text = ""): number[] {
  return (text === "" ? "ctrl-p,ctrl-q" : text).split(",").map((key) => {
    if (key.length === 1 && key.charCodeAt(0) < 256) return key.charCodeAt(0);
    if (key === "DEL") return 127;
    const control = /^ctrl-([a-z@[\\\]^_])$/.exec(key)?.[1];
    if (control === undefined) throw new DvmError("invalid", `Unknown character: '${key}'`);
    return control.toUpperCase().charCodeAt(0) - 64;
  });
}

/** What of typed bytes goes on to the container, and whether the keys to detach were among them. */
export interface Typed {
  bytes: Buffer;
  detached: boolean;
}

/** Watches typed bytes for the sequence; a beginning of it is held back until it is known to be none. */
export function detachFilter(keys: readonly number[]): (chunk: Buffer) => Typed {
  let matched = 0;
  return (chunk) => {
    const passed: number[] = [];
    for (const byte of chunk) {
      if (byte !== keys[matched]) {
        passed.push(...keys.slice(0, matched));
        matched = 0;
      }
      if (byte === keys[matched]) matched++;
      else passed.push(byte);
      if (matched === keys.length) return { bytes: Buffer.from(passed), detached: true };
    }
    return { bytes: Buffer.from(passed), detached: false };
  };
}
