/** Go's words for a text that is no JSON, which docker's users know, by what V8 says of it. */
export function jsonFault(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return goWords(text, error instanceof Error ? error.message : "");
  }
}

const where: readonly [RegExp, string][] = [
  [/non-whitespace character after JSON/, "after top-level value"],
  [/'}' after property value/, "after object key:value pair"],
  [/']' after array element/, "after array element"],
  [/Expected (?:property name|double-quoted)/, "looking for beginning of object key string"],
  [/':' after property name/, "after object key"],
  [/control character/, "in string literal"],
  [/escape/, "in string escape code"],
];

function goWords(text: string, message: string): string {
  const position = /at position (\d+)/.exec(message)?.[1];
  const character = position === undefined ? undefined : text[Number(position)];
  const isCut = /end of JSON input|Unterminated/.test(message);
  const token = /^Unexpected token '(.+?)'/su.exec(message)?.[1];
  const found = character ?? token;
  if (isCut || found === undefined) return "unexpected end of JSON input";
  const place =
    where.find(([pattern]) => pattern.test(message))?.[1] ?? "looking for beginning of value";
  return `invalid character '${found === "'" ? "\\'" : found}' ${place}`;
}
