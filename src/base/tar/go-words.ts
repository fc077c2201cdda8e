import { DvmError } from "../errors.ts";

const faults: readonly [RegExp, string][] = [
  [/^cannot read the archive: it ends too early$/, "unexpected EOF"],
  [/^cannot read the archive: (?:the number |a header)/, "archive/tar: invalid tar header"],
];

/** A fault of a tar as Go's reader of tars says it, which Docker's clients know; others as they are. */
export function tarFaultInGoWords(error: unknown): unknown {
  if (!(error instanceof DvmError)) return error;
  const words = faults.find(([pattern]) => pattern.test(error.message))?.[1];
  return words === undefined ? error : new DvmError("unclassified", words);
}
