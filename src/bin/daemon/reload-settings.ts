import { GivenSettings } from "../../daemon/given-settings.ts";

/** What dockerd takes over from a file while it runs. All else waits for the next start. */
const reloadable = new Set([
  ...["debug", "labels", "live-restore", "shutdown-timeout", "default-runtime"],
  ...["insecure-registries", "registry-mirrors"],
  ...["max-concurrent-downloads", "max-concurrent-uploads", "max-download-attempts"],
]);
/** Of these the default counts again when the file has them no more; of others what was. */
const reset = new Set([
  "max-concurrent-downloads",
  "max-concurrent-uploads",
  "max-download-attempts",
]);

/** Settings after a reload: what was, with the reloadable part of what the files say now. Pure. */
export function reloadedSettings(before: GivenSettings, now: GivenSettings): GivenSettings {
  const kept = [...before.values].filter(([key]) => !reset.has(key));
  const taken = [...now.values].filter(([key]) => reloadable.has(key));
  return new GivenSettings(new Map([...kept, ...taken]));
}
