import { DvmError } from "../../base/errors.ts";
import type { ProcessList } from "../../engine/core.ts";
import { parsePsArguments, type PsRequest } from "./ps-arguments.ts";
import { type PsProcess, psProcesses } from "./ps-process.ts";

const defaultArguments = "-ef";

/** What ps is asked for; refused before anything is looked at, as by Docker. */
export function parseTop(text = ""): PsRequest {
  for (const [, key = "", value = ""] of text.matchAll(/\s+([^\s]*)=\s*(PID[^\s]*)/g))
    if (key !== "pid")
      throw new DvmError("unclassified", `specifying "${key}=${value}" is not allowed`);
  return parsePsArguments(text === "" ? defaultArguments : text);
}

/** `GET /containers/{id}/top`: processes as a ps on the host would list them. */
export function describeTop(list: ProcessList, { columns, sort, isForest }: PsRequest) {
  const processes = psProcesses(list, new Date());
  for (const { column, isDescending } of sort.toReversed())
    processes.sort((left, right) => {
      const [a, b] = [column.value(left), column.value(right)];
      return (isDescending ? -1 : 1) * a.localeCompare(b, undefined, { numeric: true });
    });
  const rows = isForest ? forest(processes) : processes;
  const Titles = columns.flatMap(({ title }) => words(title));
  if (!Titles.includes("PID"))
    throw new DvmError("unclassified", "Couldn't find PID field in ps output");
  const Processes = rows.map((process) => {
    const fields = columns.flatMap((column) => words(column.value(process)));
    const last = fields.slice(Titles.length - 1).join(" ");
    return [...fields.slice(0, Titles.length - 1), last];
  });
  return { Processes, Titles };
}

/** What is printed is told apart again at its blanks, as Docker does. */
function words(text: string): string[] {
  return text.split(/[\t\n\f\r ]+/).filter((word) => word !== "");
}

/** Children below those that made them. */
function forest(processes: readonly PsProcess[]): PsProcess[] {
  const below = (ppid: number, isRoot: boolean): PsProcess[] =>
    processes
      .filter((one) => one.ppid === ppid && one.pid !== ppid)
      .flatMap((one) => [
        isRoot ? one : { ...one, command: `\\_ ${one.command}`, name: `\\_ ${one.name}` },
        ...below(one.pid, false),
      ]);
  return below(0, true);
}
