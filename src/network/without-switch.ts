import type { NetworkSwitch } from "./network-switch.ts";

/** For hosts that can't have one, or are to have none: each machine has a network of its own. */
export function withoutSwitch(reason: string): NetworkSwitch {
  const nothing = async () => {};
  return {
    unusable: async () => reason,
    descriptorSocket: "",
    launcher: async () => "",
    ...{ setNetwork: nothing, removeNetwork: nothing, attach: nothing, detach: nothing },
    ...{
      rules: nothing,
      list: nothing,
      takeUp: nothing,
      hostAddresses: async () => [],
      end: nothing,
    },
    [Symbol.asyncDispose]: nothing,
  };
}
