/** What Docker shows for a moment that has not been. */
export const neverTime = "0001-01-01T00:00:00Z";

/** Now, as RFC 3339 with nine digits after the point. */
export function timestamp(now = new Date()): string {
  return now.toISOString().replace("Z", "000000Z");
}

/** A moment as Go prints times in JSON (RFC3339Nano): a fraction without zeros at its end, or none. */
export function goTime(moment: Date | string): string {
  const text = typeof moment === "string" ? moment : moment.toISOString();
  return text.replace(/(\.\d*?)0+(?=Z|[+-]\d\d:\d\d$)/, (_all, digits: string) =>
    digits === "." ? "" : digits,
  );
}
