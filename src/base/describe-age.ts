const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** "Less than a second", "About an hour", "3 weeks": as docker words the time since `sinceMs`. */
export function describeAge(sinceMs: number, nowMs = Date.now()): string {
  const seconds = Math.max(0, Math.floor((nowMs - sinceMs) / 1000));
  if (seconds < 1) return "Less than a second";
  if (seconds === 1) return "1 second";
  if (seconds < minute) return `${seconds} seconds`;
  if (seconds < 2 * minute) return "About a minute";
  if (seconds < hour) return `${Math.floor(seconds / minute)} minutes`;
  const hours = Math.round(seconds / hour);
  if (hours === 1) return "About an hour";
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 14) return `${Math.floor(hours / 24)} days`;
  if (hours < 24 * 60) return `${Math.floor(hours / 24 / 7)} weeks`;
  if (seconds < 2 * 365 * day) return `${Math.floor(hours / 24 / 30)} months`;
  return `${Math.floor(hours / 24 / 365)} years`;
}
