import { DvmError } from "../../base/errors.ts";

/** Of ENV and LABEL, still quoted: `a=b c="d e"`, or the old form `a the rest`. */
export function namedValues(instruction: string, value: string): [string, string][] {
  const words = quotedWords(value);
  const [first] = words;
  if (first === undefined)
    throw new DvmError("invalid", `${instruction} requires at least one argument`);
  const pairs = first.includes("=") ? words.map(pairOf) : [oldForm(instruction, value)];
  if (pairs.some(([name]) => name === ""))
    throw new DvmError("invalid", `${instruction} names can not be blank`);
  return pairs;
}

function oldForm(instruction: string, value: string): [string, string] {
  const [, name = "", rest] = /^(\S+)\s+(.*)$/s.exec(value) ?? [];
  if (rest === undefined) throw new DvmError("invalid", `${instruction} must have two arguments`);
  return [name, rest];
}

function pairOf(word: string): [string, string] {
  const at = word.indexOf("=");
  if (at < 0)
    throw new DvmError(
      "invalid",
      `Syntax error - can't find = in ${JSON.stringify(word)}. Must be of the form: name=value`,
    );
  return [word.slice(0, at), word.slice(at + 1)];
}

/** Split where there is space outside of quotes; a quote that isn't ended goes to the end. */
function quotedWords(text: string): string[] {
  return text.match(/(?:\\.|'[^']*(?:'|$)|"(?:\\.|[^"\\])*(?:"|$)|[^\s\\'"]|\\$)+/gs) ?? [];
}
