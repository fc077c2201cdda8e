import type { Flag } from "../flags.ts";
import { checkFilter } from "../options/filters.ts";

export const jsonFlag: Flag = {
  name: "json",
  kind: "boolean",
  summary: "Print everything as one JSON array",
};

export const formatFlag: Flag = {
  name: "format",
  kind: "text",
  summary: "Format output: 'table', 'table TEMPLATE', 'json' or a Go template",
};

/** Flags of every command that lists. */
export const listFlags: readonly Flag[] = [formatFlag, jsonFlag];

export const quietFlag: Flag = {
  name: "quiet",
  short: "q",
  kind: "boolean",
  summary: "Only display names or IDs",
};

export const noTruncFlag: Flag = {
  name: "no-trunc",
  kind: "boolean",
  summary: "Don't truncate output",
};

/** Where `-f` means something else. */
export const longFilterFlag: Flag = {
  name: "filter",
  kind: "list",
  value: "filter",
  summary: "Provide filter values (name=value)",
  check: checkFilter,
};

export const filterFlag: Flag = {
  ...longFilterFlag,
  short: "f",
  summary: "Filter output based on conditions provided",
};
