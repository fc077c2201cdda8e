/**
 * Patterns of Go's `path.Match`: `*` and `?` stop at slashes, `[a-z]` and `[^a]` are sets, a backslash
 * takes the next letter as it is. Undefined for one that is none.
 */
export function pathPattern(pattern: string): RegExp | undefined {
  let expression = "";
  for (let at = 0; at < pattern.length; at += 1) {
    const letter = pattern[at] ?? "";
    if (letter === "*") expression += "[^/]*";
    else if (letter === "?") expression += "[^/]";
    else if (letter === "[") {
      const set = /^\[(\^?)((?:\\.|[^\]\\])(?:\\.|[^\]\\])*)\]/su.exec(pattern.slice(at));
      const members = set === null ? undefined : setOf(set[2] ?? "");
      if (set === null || members === undefined) return undefined;
      expression += `(?!/)[${set[1]}${members}]`;
      at += set[0].length - 1;
    } else if (letter === "\\") {
      at += 1;
      if (at >= pattern.length) return undefined;
      expression += escaped(pattern[at] ?? "");
    } else expression += escaped(letter);
  }
  return new RegExp(`^${expression}$`, "s");
}

/** Undefined for a range that has one end only. */
function setOf(text: string): string | undefined {
  let members = "";
  const letters = text.match(/\\.|[^\\]/gsu) ?? [];
  while (letters.length > 0) {
    const first = letters.shift() ?? "";
    if (first === "-") return undefined;
    members += escaped(first.replace(/^\\/, ""));
    if (letters[0] !== "-") continue;
    letters.shift();
    const last = letters.shift();
    if (last === undefined || last === "-") return undefined;
    members += `-${escaped(last.replace(/^\\/, ""))}`;
  }
  return members;
}

function escaped(letter: string): string {
  return /[\w/:@]/.test(letter) ? letter : `\\${letter}`;
}
