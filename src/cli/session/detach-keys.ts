import { parseDetachKeys } from "../../base/detach-keys.ts";
import type { Flag } from "../flags.ts";

export const detachKeysFlag: Flag = {
  name: "detach-keys",
  kind: "text",
  summary: "Override the key sequence for detaching a container (default ctrl-p,ctrl-q)",
  check: parseDetachKeys,
};
