import { median } from "../measure/statistics.ts";
import { isFigure, type Figure, type Row } from "./figure.ts";

/** A promise about one row. */
interface Goal {
  what: string | RegExp;
  of: string;
  scale?: string;
  /** At most: so many of the row's unit, or so many times a peer's median. */
  most: number;
  than: "unit" | "docker" | "skopeo" | "its tars";
  /** Said beside the number. */
  note?: string;
  /** Compares with others' figures, which were taken on real KVM. */
  onlyOn?: "kvm";
}

export interface JudgedGoal {
  text: string;
  /** Undefined where it can't be judged on this accelerator, or for want of a figure. */
  met: boolean | undefined;
}

const wholeRun = "run --rm … true";
const startCall = "start call → process runs";
const execByApi = "exec … true, by the API";
const oneMore = { what: "PSS of one more idle", of: "DVM clone", scale: "N = 100" };

export const goals: readonly Goal[] = [
  { what: wholeRun, of: "DVM clone", most: 0.5, than: "docker" },
  { what: wholeRun, of: "DVM clone", most: 0.25, than: "docker", note: "reached for" },
  { what: wholeRun, of: "DVM cold", most: 2500, than: "unit" },
  { what: startCall, of: "DVM clone", most: 120, than: "unit" },
  { what: startCall, of: "DVM pool", most: 40, than: "unit" },
  { what: "what the CLI adds", of: "DVM clone", most: 120, than: "unit" },
  { what: execByApi, of: "DVM clone", most: 20, than: "unit" },
  { what: /^exec's (out|in)put of 32 MB/, of: "DVM clone", most: 800, than: "unit" },
  { what: /^logs of 32 MB/, of: "DVM clone", most: 640, than: "unit" },
  { what: /^(version|list of 100)/, of: "DVM clone", most: 1, than: "docker" },
  { what: "20 × run -d at once", of: "DVM clone", most: 5000, than: "unit" },
  { ...oneMore, most: 25, than: "unit" },
  { what: /^load and rmi/, of: "DVM", most: 1, than: "docker" },
  { what: /^pull of/, of: "DVM", most: 1, than: "docker" },
  { what: /^push of/, of: "DVM", most: 1.2, than: "skopeo" },
  { what: /^on disk/, of: "DVM", most: 1.15, than: "its tars" },
  { what: /^merge of/, of: "DVM", most: 2000, than: "unit" },
  { what: "daemon, at most", of: "DVM", most: 150, than: "unit" },
  ...onKvm({ what: wholeRun, of: "DVM cold" }, [[1300, "Kata"]]),
  ...onKvm({ what: startCall, of: "DVM clone" }, [
    [205, "nerdbox, median"],
    [139, "nerdbox, best"],
    [100, "warm-restored Firecracker"],
  ]),
  ...onKvm({ what: execByApi, of: "DVM clone" }, [
    [10, "nerdbox, median"],
    [5, "nerdbox, best"],
  ]),
  ...onKvm(oneMore, [[11.5, "warm-restored Firecracker"]]),
];

/** What was promised about a row, and whether it held. */
export function judge(figure: Figure, rows: readonly Row[], accelerator: string): JudgedGoal[] {
  return goals
    .filter((goal) => isAbout(goal, figure))
    .map((goal) => {
      const isJudged = goal.onlyOn === undefined || goal.onlyOn === accelerator;
      const { most, than } = goal;
      const found = than === "unit" ? median(figure.values) : ratioTo(than, figure, rows);
      const limit = than === "unit" ? `${most} ${figure.unit}` : `${most} × ${than}`;
      const note = goal.note === undefined ? "" : ` (${goal.note})`;
      return {
        text: `≤ ${limit}${note}`,
        met: isJudged && found !== undefined ? found <= most : undefined,
      };
    });
}

/** How many times a peer's median the row's is. */
export function ratioTo(peer: string, figure: Figure, rows: readonly Row[]): number | undefined {
  const peers = rows
    .filter(isFigure)
    .find(
      (one) =>
        one.of === peer &&
        one.section === figure.section &&
        one.what === figure.what &&
        one.scale === figure.scale,
    );
  const theirs = peers === undefined ? 0 : median(peers.values);
  return theirs > 0 ? median(figure.values) / theirs : undefined;
}

function isAbout(goal: Goal, { what, of, scale }: Figure): boolean {
  const isWhat = typeof goal.what === "string" ? goal.what === what : goal.what.test(what);
  return isWhat && goal.of === of && (goal.scale === undefined || goal.scale === scale);
}

function onKvm(
  row: Pick<Goal, "what" | "of" | "scale">,
  limits: readonly [number, string][],
): Goal[] {
  return limits.map(([most, note]) => ({ ...row, most, note, than: "unit", onlyOn: "kvm" }));
}
