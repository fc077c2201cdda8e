/*
 * One run of a container: the machine that it is in, its output, its log, who is attached. Others
 * use what stands here, and nothing behind it.
 */

export { ContainerLog } from "./runs/logs/container-log.ts";
export { logAttributes, logTag } from "./runs/logs/log-attributes.ts";
export { cannotLog, logSettings, requireLogSettings } from "./runs/logs/log-settings.ts";
export { parseSyslog } from "./runs/logs/syslog-settings.ts";
export { syslogSink } from "./runs/logs/syslog-sink.ts";
export type { LogLine, OutputStream } from "./runs/logs/log-line.ts";
export { readLog } from "./runs/logs/read-log.ts";
export { connectionAttachment } from "./runs/connection-attachment.ts";
export { ContainerStreams } from "./runs/container-streams.ts";
export { outputFrame, writeAll, writeOutput } from "./runs/output-frame.ts";
export { killDeadlineMs, killSignal, Run, type RunEnd } from "./runs/run.ts";
export { RunningMachine, shareNames } from "./runs/running-machine.ts";
