import type { ProcessSpec } from "./agent-types.ts";
import { encodeContainerId, encodeProcess } from "./messages.ts";
import {
  type HealthStatus,
  healthStatuses,
  keptProbes,
  type ProbeEnd,
  probeEnds,
} from "./protocol.ts";
import { brokenProtocol, MessageReader, MessageWriter } from "./wire.ts";

/** How a container's health is checked; none of these but the start period is 0. */
export interface HealthCheck {
  intervalNs: number;
  timeoutNs: number;
  startPeriodNs: number;
  startIntervalNs: number;
  retries: number;
  probe: ProcessSpec;
}

export interface ProbeResult {
  end: ProbeEnd;
  exitCode: number;
  /** By the guest's wall clock. */
  beganNs: bigint;
  endedNs: bigint;
  /** There was more output. */
  isCut: boolean;
  /** What it wrote, or why it could not be run. */
  output: Buffer;
}

/** What came of a container's probes since its start. */
export interface HealthReport {
  container: string;
  status: HealthStatus;
  failures: number;
  /** How many have begun; one of them may be running. */
  probes: number;
  isProbing: boolean;
  /** How many results there were. */
  results: number;
  /** The last of them, the oldest first. */
  last: ProbeResult[];
}

/** HEALTH, as guest/health_spec.c reads it. */
export function encodeHealthCheck(container: string, check: HealthCheck): Buffer {
  const times = new MessageWriter()
    .u64(BigInt(check.intervalNs))
    .u64(BigInt(check.timeoutNs))
    .u64(BigInt(check.startPeriodNs))
    .u64(BigInt(check.startIntervalNs))
    .u32(check.retries)
    .finish();
  return Buffer.concat([encodeContainerId(container), times, encodeProcess(check.probe)]);
}

/** The frame HEALTH, as guest/health_log.c writes it. */
export function decodeHealthReport(payload: Buffer): HealthReport {
  const from = new MessageReader(payload);
  const [container, status] = [from.text(), healthStatuses[from.u8()]];
  if (status === undefined) throw brokenProtocol("a health that there isn't");
  const report = {
    ...{ container, status },
    failures: from.u32(),
    probes: from.u32(),
    isProbing: from.u8() !== 0,
    results: from.u32(),
    last: from.list(keptProbes, () => readResult(from)),
  };
  from.end();
  return report;
}

function readResult(from: MessageReader): ProbeResult {
  const end = probeEnds[from.u8()];
  if (end === undefined) throw brokenProtocol("an end of a probe that there isn't");
  return {
    end,
    exitCode: from.u32(),
    beganNs: from.u64(),
    endedNs: from.u64(),
    isCut: from.u8() !== 0,
    output: Buffer.from(from.bytes()),
  };
}
