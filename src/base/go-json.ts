/**
 * Why Go's encoding/json would not read a text, in its words; undefined where it would read its first
 * value. `end`: what it says where the text ends too early.
 */
export function goJsonError(text: string, end: "unexpected EOF" | "unexpected end of JSON input") {
  try {
    readValue({ text, at: 0, end });
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}

interface Cursor {
  text: string;
  at: number;
  end: string;
}

class Refusal extends Error {}

function readValue(cursor: Cursor): void {
  const first = next(cursor);
  if (first === "{") return readObject(cursor);
  if (first === "[") return readArray(cursor);
  if (first === '"') return readString(cursor);
  if (first === "-" || isDigit(first)) return readNumber(cursor);
  const literal = ["true", "false", "null"].find((word) => word.startsWith(first));
  if (literal === undefined) throw refuse(cursor, "looking for beginning of value");
  cursor.at += 1;
  for (const letter of literal.slice(1)) {
    if (peek(cursor) !== letter)
      throw refuse(cursor, `in literal ${literal} (expecting '${letter}')`);
    cursor.at += 1;
  }
}

function readObject(cursor: Cursor): void {
  cursor.at += 1;
  if (take(cursor, "}")) return;
  do {
    if (next(cursor) !== '"') throw refuse(cursor, "looking for beginning of object key string");
    readString(cursor);
    if (!take(cursor, ":")) throw refuse(cursor, "after object key");
    readValue(cursor);
  } while (take(cursor, ","));
  if (!take(cursor, "}")) throw refuse(cursor, "after object key:value pair");
}

function readArray(cursor: Cursor): void {
  cursor.at += 1;
  if (take(cursor, "]")) return;
  do readValue(cursor);
  while (take(cursor, ","));
  if (!take(cursor, "]")) throw refuse(cursor, "after array element");
}

function readString(cursor: Cursor): void {
  cursor.at += 1;
  for (;;) {
    const letter = peek(cursor);
    if (letter < " ") throw refuse(cursor, "in string literal");
    cursor.at += 1;
    if (letter === '"') return;
    if (letter === "\\") readEscape(cursor);
  }
}

function readEscape(cursor: Cursor): void {
  const kind = peek(cursor);
  if (!'"\\/bfnrtu'.includes(kind)) throw refuse(cursor, "in string escape code");
  cursor.at += 1;
  for (let left = kind === "u" ? 4 : 0; left > 0; left -= 1) {
    if (!/[0-9a-fA-F]/.test(peek(cursor)))
      throw refuse(cursor, "in \\u hexadecimal character escape");
    cursor.at += 1;
  }
}

function readNumber(cursor: Cursor): void {
  if (cursor.text[cursor.at] === "-") cursor.at += 1;
  if (peek(cursor) === "0") cursor.at += 1;
  else readDigits(cursor, "in numeric literal");
  if (cursor.text[cursor.at] === ".") {
    cursor.at += 1;
    readDigits(cursor, "after decimal point in numeric literal");
  }
  if (!/[eE]/.test(cursor.text[cursor.at] ?? "")) return;
  cursor.at += 1;
  if (/[+-]/.test(peek(cursor))) cursor.at += 1;
  readDigits(cursor, "in exponent of numeric literal");
}

function readDigits(cursor: Cursor, where: string): void {
  if (!isDigit(peek(cursor))) throw refuse(cursor, where);
  while (isDigit(cursor.text[cursor.at] ?? "")) cursor.at += 1;
}

/** Passes over blanks to `letter`, and over that. */
function take(cursor: Cursor, letter: string): boolean {
  if (next(cursor) !== letter) return false;
  cursor.at += 1;
  return true;
}

function next(cursor: Cursor): string {
  while (/[ \t\r\n]/.test(cursor.text[cursor.at] ?? "")) cursor.at += 1;
  return peek(cursor);
}

function peek({ text, at, end }: Cursor): string {
  const letter = text[at];
  if (letter === undefined) throw new Refusal(end);
  return letter;
}

function isDigit(letter: string): boolean {
  return letter >= "0" && letter <= "9" && letter.length === 1;
}

function refuse(cursor: Cursor, where: string): Refusal {
  const letter = peek(cursor);
  const shown = letter === "'" ? "\\'" : letter === '"' ? '"' : JSON.stringify(letter).slice(1, -1);
  return new Refusal(`invalid character '${shown}' ${where}`);
}
