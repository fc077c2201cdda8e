/** As Go's net.ParseMAC reads it, with colons; undefined for what is none of a network card. */
export function cleanMacAddress(text: string): string | undefined {
  const digits =
    /^(?:[\da-f]{2}([:-])(?:[\da-f]{2}\1){4}[\da-f]{2}|(?:[\da-f]{4}\.){2}[\da-f]{4})$/i;
  if (!digits.test(text)) return undefined;
  const bytes = text.toLowerCase().replace(/[:.-]/g, "").match(/../g);
  return bytes?.join(":");
}
