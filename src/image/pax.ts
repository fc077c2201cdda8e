import { DvmError } from "../base/errors.ts";

/** PAX records by keyword; values are bytes. */
export type PaxRecords = Map<string, Buffer>;

/** Parses records of the form `length SP keyword = value LF` (POSIX.1-2017, pax extended header). */
export function parsePax(bytes: Buffer): PaxRecords {
  const records: PaxRecords = new Map();
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const length = space < 0 ? Number.NaN : Number(bytes.toString("latin1", at, space));
    const end = at + length;
    const equals = bytes.indexOf(0x3d, space);
    const whole =
      Number.isInteger(length) &&
      length > 0 &&
      end <= bytes.length &&
      equals > space &&
      equals < end;
    if (!whole || bytes[end - 1] !== 0x0a) {
      throw new DvmError("damaged", "cannot read the archive: an extended header is malformed");
    }
    records.set(bytes.toString("latin1", space + 1, equals), bytes.subarray(equals + 1, end - 1));
    at = end;
  }
  return records;
}
