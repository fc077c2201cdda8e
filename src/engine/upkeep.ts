/*
 * What a daemon does for itself: taking machines up, pruning, templates, sizes on disk. Others use
 * what stands here, and nothing behind it.
 */

export { diskUsage, scratchBytesOf } from "./upkeep/disk-usage.ts";
export { pruneContainers, pruneImages, pruneVolumes, removeImage } from "./upkeep/prune.ts";
export { watchEgress } from "./upkeep/watch-egress.ts";
export { keepClocks } from "./upkeep/keep-clocks.ts";
export { reconcile } from "./upkeep/reconcile.ts";
export {
  createTemplate,
  findTemplate,
  type ListedTemplate,
  listTemplates,
  pruneTemplates,
} from "./upkeep/templates.ts";
