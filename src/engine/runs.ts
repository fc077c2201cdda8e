/*
 * One run of a container: the machine that it is in, its output, its log, who is attached. Others
 * use what stands here, and nothing behind it.
 */

export { ContainerLog, type OutputStream, readLog } from "./runs/container-log.ts";
export { connectionAttachment } from "./runs/connection-attachment.ts";
export { ContainerStreams } from "./runs/container-streams.ts";
export { outputFrame, writeAll } from "./runs/output-frame.ts";
export { killDeadlineMs, killSignal, Run, type RunEnd } from "./runs/run.ts";
export { RunningMachine, shareNames } from "./runs/running-machine.ts";
