import type { Switch } from "./switch/switch.ts";

/** What carries networks of containers on this host, as far as others have to do with it. */
export type NetworkSwitch = Pick<
  Switch,
  | "unusable"
  | "descriptorSocket"
  | "launcher"
  | "setNetwork"
  | "removeNetwork"
  | "attach"
  | "detach"
  | "rules"
  | "list"
  | "takeUp"
  | "hostAddresses"
  | "end"
  | typeof Symbol.asyncDispose
>;
