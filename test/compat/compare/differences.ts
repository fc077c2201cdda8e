import type { Answer } from "../session/answer.ts";
import { mask } from "./mask.ts";

/** One place in one answer where the engines don't say the same. */
export interface Difference {
  /** What was asked. */
  call: string;
  /** Where: `status`, `headers.content-type`, `body.Config.Env.0`. */
  path: string;
  docker: unknown;
  dvm: unknown;
}

interface Side {
  answers: ReadonlyMap<string, Answer>;
  roots: readonly string[];
}

const measured = /\/stats|\/system\/df/;
/** Answers, and members of answers, whose order means nothing. */
const unordered = /^GET \S*\/(images\/json|volumes|networks|containers\/\w+\/changes)/;
const unorderedMembers = new Set(["Mounts", "NetworksDeleted"]);

/** What was asked of one engine only differs as a whole. */
export function differencesOf(docker: Side, dvm: Side): Difference[] {
  const found: Difference[] = [];
  for (const call of new Set([...docker.answers.keys(), ...dvm.answers.keys()])) {
    const sides = [docker, dvm].map(({ answers, roots }) =>
      comparable(call, answers.get(call), roots),
    );
    compare(sides, "", (path, [left, right]) =>
      found.push({ call, path, docker: left, dvm: right }),
    );
  }
  return found;
}

function comparable(call: string, answer: Answer | undefined, roots: readonly string[]): unknown {
  const masked = mask(withoutProgress(answer), { roots, allNumbers: measured.test(call) });
  return unordered.test(call) ? sorted(masked, () => true) : sorted(masked, isUnordered);
}

function isUnordered(key: string): boolean {
  return unorderedMembers.has(key);
}

/** How often progress is told is a matter of speed. */
function withoutProgress(answer: Answer | undefined): Answer | undefined {
  if (answer === undefined || !Array.isArray(answer.body)) return answer;
  const body = answer.body.filter((one: unknown) => !isObject(one) || !isProgress(one));
  return { ...answer, body };
}

function isProgress({ progress, status }: Record<string, unknown>): boolean {
  return progress !== undefined || status === "Verifying Checksum";
}

type Pair = readonly unknown[];

function compare(pair: Pair, path: string, report: (path: string, pair: Pair) => void): void {
  const [left, right] = pair;
  if (isObject(left) && isObject(right) && Array.isArray(left) === Array.isArray(right)) {
    for (const key of new Set([...Object.keys(left), ...Object.keys(right)]))
      compare([left[key], right[key]], path === "" ? key : `${path}.${key}`, report);
  } else if (left !== right) report(path, pair);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** With the members sorted, and the lists whose key `applies` says so of. */
function sorted(value: unknown, applies: (key: string) => boolean, key = ""): unknown {
  if (Array.isArray(value)) {
    const list = value.map((one) => sorted(one, applies));
    return applies(key) ? list.toSorted(byText) : list;
  }
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .toSorted()
      .map((name) => [name, sorted(value[name], applies, name)]),
  );
}

function byText(left: unknown, right: unknown): number {
  return JSON.stringify(left) < JSON.stringify(right) ? -1 : 1;
}
