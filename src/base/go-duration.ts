const nsPerSecond = 1e9;

/** As Go prints a time.Duration: `1m30s`, `1.5s`, `100ms`. */
export function goDuration(nanoseconds: number): string {
  if (nanoseconds === 0) return "0s";
  if (nanoseconds < 1e3) return `${nanoseconds}ns`;
  if (nanoseconds < 1e6) return `${nanoseconds / 1e3}µs`;
  if (nanoseconds < nsPerSecond) return `${nanoseconds / 1e6}ms`;
  const minutes = Math.floor(nanoseconds / nsPerSecond / 60);
  const seconds = `${(nanoseconds - minutes * 60 * nsPerSecond) / nsPerSecond}s`;
  const hours = Math.floor(minutes / 60);
  return `${hours > 0 ? `${hours}h` : ""}${minutes > 0 ? `${minutes % 60}m` : ""}${seconds}`;
}
