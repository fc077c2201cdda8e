import type { PsProcess } from "./ps-process.ts";

/* Times as ps writes them, in the daemon's time zone as those of a ps on its host. */

const dayMs = 86_400_000;
const months = [
  ...["Jan", "Feb", "Mar", "Apr", "May", "Jun"],
  ...["Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
];
const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const two = (value: number) => String(value).padStart(2, "0");
const month = (date: Date) => months[date.getMonth()] ?? "";

function parts(ms: number) {
  const seconds = Math.floor(ms / 1000);
  return {
    days: Math.floor(seconds / 86_400),
    hours: Math.floor(seconds / 3600) % 24,
    minutes: Math.floor(seconds / 60) % 60,
    seconds: seconds % 60,
  };
}

/** `[D-]HH:MM:SS` */
export function clockTime(ms: number): string {
  const { days, hours, minutes: min, seconds } = parts(ms);
  return `${days > 0 ? `${days}-` : ""}${two(hours)}:${two(min)}:${two(seconds)}`;
}

/** `[[D-]HH:]MM:SS` */
export function elapsed(ms: number): string {
  return clockTime(ms).replace(/^00:/, "");
}

/** `M:SS` */
export function minutes(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
}

const clock = (date: Date) => `${two(date.getHours())}:${two(date.getMinutes())}`;
const date = (moment: Date) => `${month(moment)}${two(moment.getDate())}`;

/** The hour of one that began within a day, else the date. */
export function startOfDay({ startedAt, ageMs }: PsProcess): string {
  return ageMs > dayMs ? date(startedAt) : clock(startedAt);
}

/** The hour of one that began today, else the date, or the year. */
export function startYear({ startedAt, now }: PsProcess): string {
  if (startedAt.getFullYear() !== now.getFullYear()) return String(startedAt.getFullYear());
  const isToday = startedAt.toDateString() === now.toDateString();
  return isToday ? clock(startedAt) : date(startedAt);
}

export function startShort({ startedAt, ageMs }: PsProcess): string {
  return ageMs > dayMs
    ? `${month(startedAt)} ${two(startedAt.getDate())}`
    : `${clock(startedAt)}:${two(startedAt.getSeconds())}`;
}

/** As C's ctime writes it. */
export function calendarTime({ startedAt: at }: PsProcess): string {
  const day = String(at.getDate()).padStart(2);
  const hour = `${clock(at)}:${two(at.getSeconds())}`;
  return `${weekdays[at.getDay()]} ${month(at)} ${day} ${hour} ${at.getFullYear()}`;
}
