/*
 * Volumes, as folders of the daemon. Others use what stands here, and nothing behind it.
 */

export {
  createVolume,
  describeVolume,
  ensureVolume,
  findVolume,
  removeVolume,
  volumeUsers,
} from "./volumes/volumes.ts";
