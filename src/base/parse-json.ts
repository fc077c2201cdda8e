const maximumValues = 100_000;
const maximumDepth = 100;

const quote = 0x22;
const backslash = 0x5c;
const [comma, colon, openList, closeList, openObject, closeObject] = [...Buffer.from(",:[]{}")];

/**
 * Parses JSON from a stranger. A few megabytes of `[],[],…` take a hundred times as much memory as
 * text, so what has more than 100,000 values or is nested more than 100 deep is refused before it is
 * parsed. Throws a SyntaxError for both, and for what is no JSON.
 */
export function parseJson(text: string | Uint8Array): unknown {
  const bytes = typeof text === "string" ? Buffer.from(text) : Buffer.from(text);
  let values = 1;
  let depth = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === quote) at = endOfString(bytes, at);
    else if (byte === comma || byte === colon) values += 1;
    else if (byte === openList || byte === openObject) {
      values += 1;
      depth += 1;
    } else if (byte === closeList || byte === closeObject) depth -= 1;
    if (values > maximumValues) throw new SyntaxError(`more than ${maximumValues} values`);
    if (depth > maximumDepth) throw new SyntaxError(`nested more than ${maximumDepth} deep`);
  }
  return JSON.parse(bytes.toString("utf8"));
}

/** {@link parseJson}; undefined for what it refuses. */
export function tryParseJson(text: string | Uint8Array): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** Of the string that begins at `start`: where its last quote is. */
function endOfString(bytes: Buffer, start: number): number {
  for (let at = start + 1; at < bytes.length; at += 1) {
    if (bytes[at] === backslash) at += 1;
    else if (bytes[at] === quote) return at;
  }
  return bytes.length;
}
