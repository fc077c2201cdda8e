import { randomBytes, randomInt } from "node:crypto";

/** 64 lower-case hex digits, as Docker names containers and execs. */
export function newId(): string {
  return randomBytes(32).toString("hex");
}

/** The beginning of an id that people are shown, and that names folders: a socket's path holds 107 bytes. */
export function shortId(id: string): string {
  return id.slice(0, 12);
}

/** A locally administered unicast MAC address, as those of other virtual machines. */
export function newMacAddress(): string {
  const tail = [...randomBytes(3)].map((byte) => byte.toString(16).padStart(2, "0"));
  return ["52", "54", "00", ...tail].join(":");
}

const moods = [
  "able",
  "bold",
  "calm",
  "clever",
  "daring",
  "eager",
  "fair",
  "gentle",
  "happy",
  "jolly",
  "keen",
  "kind",
  "lively",
  "lucid",
  "merry",
  "nimble",
  "patient",
  "proud",
  "quick",
  "quiet",
  "sharp",
  "steady",
  "sunny",
  "swift",
  "tidy",
  "vivid",
  "warm",
  "wise",
  "witty",
  "zesty",
] as const;
const people = [
  "babbage",
  "bartik",
  "borg",
  "cerf",
  "curie",
  "dijkstra",
  "engelbart",
  "euler",
  "floyd",
  "franklin",
  "gauss",
  "goldberg",
  "hamilton",
  "hopper",
  "kay",
  "knuth",
  "lamport",
  "liskov",
  "lovelace",
  "mccarthy",
  "meitner",
  "noether",
  "perlman",
  "ritchie",
  "shannon",
  "thompson",
  "torvalds",
  "turing",
  "wilkes",
  "wirth",
] as const;

/** A name as Docker makes them: a mood and a person; `attempt` > 0 adds a digit. */
export function newName(attempt: number): string {
  const mood = moods[randomInt(moods.length)] ?? moods[0];
  const person = people[randomInt(people.length)] ?? people[0];
  return `${mood}_${person}${attempt === 0 ? "" : randomInt(10_000)}`;
}
