import type { ContainerDisks } from "../agent/agent-client.ts";

/** The disks' names, by which the guest finds them. */
export const imageDiskName = "image0";
export const scratchDiskName = "scratch0";
export const containerDisks: ContainerDisks = { image: imageDiskName, scratch: scratchDiskName };
