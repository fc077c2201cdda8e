const idLength = 12;

/** `sha256:0123…` or `0123…` → the twelve digits that people use. */
export function shortId(id: string): string {
  return id.replace(/^sha256:/, "").slice(0, idLength);
}

/** At most `length` characters, the last one `…` when something was cut off. */
export function ellipsis(text: string, length: number): string {
  const characters = Array.from(text);
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join("")}…`;
}
