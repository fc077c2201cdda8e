/** What `dvm doctor` says of one part. Texts have no full stop. */
export interface Finding {
  part: string;
  state: "found" | "missing" | "warning";
  fact: string;
  /** What follows from it. */
  consequence?: string;
  /** What to do about it. */
  remedy?: string;
}
