/** What Docker shows for a moment that has not been. */
export const neverTime = "0001-01-01T00:00:00Z";

/** Nanoseconds since 1970, as RFC 3339. */
export function timestampOfNs(nanoseconds: bigint): string {
  const seconds = new Date(Number(nanoseconds / 1_000_000_000n) * 1000).toISOString();
  const fraction = String(nanoseconds % 1_000_000_000n).padStart(9, "0");
  return seconds.replace(".000Z", `.${fraction}Z`);
}

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
