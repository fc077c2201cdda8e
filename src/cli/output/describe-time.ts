/** `2026-11-24 12:01:00 +0000 UTC`: a time as Go prints it. */
export function describeTime(time: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const offset = -time.getTimezoneOffset();
  const zone = `${offset < 0 ? "-" : "+"}${two(Math.floor(Math.abs(offset) / 60))}${two(Math.abs(offset) % 60)}`;
  const name = new Intl.DateTimeFormat("en", { timeZoneName: "short" })
    .formatToParts(time)
    .find(({ type }) => type === "timeZoneName");
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":");
  return `${date} ${clock} ${zone} ${name?.value ?? zone}`;
}
