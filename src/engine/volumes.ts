/*
 * Volumes, as folders of the daemon. Others use what stands here, and nothing behind it.
 */

export {
  leaveUnusedVolumes,
  leaveVolumes,
  useVolume,
  useVolumeDisk,
} from "./volumes/use-volumes.ts";
export {
  checkDriver,
  createVolume,
  describeVolume,
  ensureVolume,
  findVolume,
  removeVolume,
  volumeUsers,
} from "./volumes/volumes.ts";
