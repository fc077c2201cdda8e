/*
 * Files of containers: copied, compared, exported, committed. Others use what stands here, and
 * nothing behind it.
 */

export { commitContainer } from "./files/commit-container.ts";
export {
  changesOf,
  exportContainer,
  type FoundFile,
  readPath,
  statPath,
  writePath,
} from "./files/container-files.ts";
