import { DvmError } from "../../base/errors.ts";

/** A reader of one word, character by character. */
interface Reading {
  text: string;
  at: number;
  variables: ReadonlyMap<string, string>;
}

/** A word of a Dockerfile with its quotes taken away and variables in their places. */
export function processWord(word: string, variables: ReadonlyMap<string, string>): string {
  try {
    return readTo({ text: word, at: 0, variables }, undefined);
  } catch (error) {
    if (!(error instanceof DvmError)) throw error;
    throw new DvmError("invalid", `failed to process ${JSON.stringify(word)}: ${error.message}`);
  }
}

function readTo(reading: Reading, stop: string | undefined): string {
  let result = "";
  while (reading.at < reading.text.length) {
    const character = next(reading);
    if (character === stop) return result;
    if (character === "'") result += singleQuoted(reading);
    else if (character === '"') result += doubleQuoted(reading);
    else if (character === "$") result += variable(reading);
    else result += character === "\\" ? next(reading) : character;
  }
  if (stop === undefined) return result;
  throw unended(stop);
}

function singleQuoted(reading: Reading): string {
  const end = reading.text.indexOf("'", reading.at);
  if (end < 0) throw unended("single-quote");
  const inside = reading.text.slice(reading.at, end);
  reading.at = end + 1;
  return inside;
}

function doubleQuoted(reading: Reading): string {
  let result = "";
  for (;;) {
    if (reading.at >= reading.text.length) throw unended("double-quote");
    const character = next(reading);
    if (character === '"') return result;
    if (character === "$") result += variable(reading);
    else if (character === "\\") {
      const escaped = reading.text[reading.at] ?? "";
      if (escaped === "") continue;
      result += ['"', "$", "\\"].includes(escaped) ? next(reading) : "\\";
    } else result += character;
  }
}

/** After a dollar: `NAME`, a digit, or braces, with what counts where it isn't set, or is. */
function variable(reading: Reading): string {
  if (reading.text[reading.at] !== "{") {
    const name = take(reading, /^(?:[A-Za-z_]\w*|\d|[@*#])/);
    return name === "" ? "$" : (reading.variables.get(name) ?? "");
  }
  reading.at += 1;
  const name = take(reading, /^(?:[A-Za-z_]\w*|\d+)/);
  if (name === "") throw new DvmError("invalid", "bad substitution");
  const value = reading.variables.get(name);
  if (reading.at >= reading.text.length) throw new DvmError("invalid", "syntax error: missing '}'");
  const first = next(reading);
  if (first === "}") return value ?? "";
  const takesEmpty = first !== ":";
  const modifier = takesEmpty ? first : next(reading);
  if (!"+-?".includes(modifier) || modifier === "")
    throw new DvmError("invalid", `unsupported modifier (${modifier}) in substitution`);
  const word = readTo(reading, "}");
  const isSet = value !== undefined && (takesEmpty || value !== "");
  if (modifier === "+") return isSet ? word : "";
  if (isSet) return value;
  if (modifier === "-") return word;
  throw new DvmError("invalid", `${name}: ${word === "" ? "is not allowed to be unset" : word}`);
}

function take(reading: Reading, pattern: RegExp): string {
  const found = pattern.exec(reading.text.slice(reading.at))?.[0] ?? "";
  reading.at += found.length;
  return found;
}

function next(reading: Reading): string {
  const character = reading.text[reading.at] ?? "";
  reading.at += 1;
  return character;
}

function unended(quote: string): DvmError {
  return new DvmError("invalid", `unexpected end of statement while looking for matching ${quote}`);
}
