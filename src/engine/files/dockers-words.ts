import { DvmError } from "../../base/errors.ts";
import { tarFaultInGoWords } from "../../base/tar/go-words.ts";
import { containerPath } from "./container-path.ts";

/** What is read or written, as its client named it. */
interface Named {
  container: string;
  path: string;
}

/** What guest and tar reader say, and how Docker says it; what has no code of Docker's is its fault. */
const sayings: readonly [RegExp, (match: RegExpExecArray, path: string) => string][] = [
  [/^cannot find .*: (not a directory)$/s, ([, fact], path) => `lstat ${path}: ${fact}`],
  [/^cannot make "(.*)": (not a directory)$/s, ([, at, fact]) => `openat ${at}: ${fact}`],
  [/^cannot overwrite .*ith (?:non-)?directory$/s, ([text], path) => `${text} "${path}"`],
  [/^cannot read the archive: /, () => "archive/tar: invalid tar header"],
];

/** The failure of a copy as Docker's clients know it. */
export async function inDockersWords<T>(action: Promise<T>, named: Named): Promise<T> {
  try {
    return await action;
  } catch (error) {
    const fault = tarFaultInGoWords(error);
    throw fault instanceof DvmError ? told(fault, named) : fault;
  }
}

function told(error: DvmError, { container, path }: Named): DvmError {
  if (error.code === "not-found")
    return new DvmError("not-found", `Could not find the file ${path} in container ${container}`);
  // a root or volume that may not be written to
  if (error.code === "forbidden") return new DvmError("invalid", error.message);
  for (const [pattern, say] of sayings) {
    const match = pattern.exec(error.message);
    if (match !== null) return new DvmError("unclassified", say(match, containerPath(path)));
  }
  return error;
}
