/** What Docker shows for a moment that has not been. */
export const neverTime = "0001-01-01T00:00:00Z";

/** Now, as RFC 3339 with nine digits after the point. */
export function timestamp(now = new Date()): string {
  return now.toISOString().replace("Z", "000000Z");
}
