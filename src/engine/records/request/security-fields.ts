import { list, string } from "../../../base/json-fields.ts";

/** What its processes may do and see. */
export const securityFields = {
  CapAdd: list(string),
  CapDrop: list(string),
  GroupAdd: list(string),
  SecurityOpt: list(string),
  /** Null: the daemon's own. */
  MaskedPaths: list(string),
  ReadonlyPaths: list(string),
};
