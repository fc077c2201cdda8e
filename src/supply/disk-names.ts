/** The names by which a guest finds the disks of its first container. */
export const imageDiskName = "image0";
export const scratchDiskName = "scratch0";
