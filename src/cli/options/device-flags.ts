import { DvmError } from "../../base/errors.ts";
import { parseBytes } from "../../base/parse-sizes.ts";
import type { JsonObject } from "../../client/json.ts";
import type { Flag, ParsedFlags } from "../flags.ts";
import { checked, list, text } from "./flag-kinds.ts";

export const deviceFlags: readonly Flag[] = [
  checked(list("blkio-weight-device", "Block IO weight (relative device weight)"), readWeight),
  list("device", "Add a device of the machine, or a block file of the host"),
  checked(list("device-cgroup-rule", "Add a rule to the cgroup allowed devices list"), checkRule),
  checked(list("device-read-bps", "Limit read rate (bytes per second) from a device"), readRate),
  checked(list("device-read-iops", "Limit read rate (IO per second) from a device"), readCount),
  checked(list("device-write-bps", "Limit write rate (bytes per second) to a device"), readRate),
  checked(list("device-write-iops", "Limit write rate (IO per second) to a device"), readCount),
  checked(
    text("gpus", "gpu-request", "GPU devices to add to the container ('all' to pass all GPUs)"),
    readGpus,
  ),
];

/** The fields of HostConfig that these flags ask for. */
export function deviceFields(flags: ParsedFlags): JsonObject {
  const devices = flags.list("device");
  const byName = devices.filter((one) => cdiName.test(one));
  const gpus = flags.text("gpus");
  return {
    BlkioWeightDevice: flags.list("blkio-weight-device").map(readWeight),
    BlkioDeviceReadBps: flags.list("device-read-bps").map(readRate),
    BlkioDeviceReadIOps: flags.list("device-read-iops").map(readCount),
    BlkioDeviceWriteBps: flags.list("device-write-bps").map(readRate),
    BlkioDeviceWriteIOps: flags.list("device-write-iops").map(readCount),
    Devices: devices.filter((one) => !cdiName.test(one)).map(readDevice),
    DeviceCgroupRules: flags.list("device-cgroup-rule"),
    DeviceRequests: [
      ...(byName.length === 0 ? [] : [{ Driver: "cdi", DeviceIDs: byName }]),
      ...(gpus === undefined ? [] : [readGpus(gpus)]),
    ],
  };
}

const cdiName = /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w-]*=.+$/;

/** `SOURCE[:TARGET[:MODE]]`, `SOURCE:MODE`. */
function readDevice(given: string): JsonObject {
  const parts = given.split(":");
  const [source = "", second = "", third = ""] = parts;
  if (parts.length > 3) throw new DvmError("invalid", `bad format for path: ${given}`);
  const secondIsMode = parts.length === 2 && isMode(second);
  if (third !== "" && !isMode(third)) throw new DvmError("invalid", `bad mode specified: ${third}`);
  return {
    PathOnHost: source,
    PathInContainer: second === "" || secondIsMode ? source : second,
    CgroupPermissions: secondIsMode ? second : third === "" ? "rwm" : third,
  };
}

function isMode(text: string): boolean {
  return /^[rwm]+$/.test(text) && new Set(text).size === text.length;
}

function checkRule(given: string): void {
  if (!/^[acb] (?:\d+|\*):(?:\d+|\*) [rwm]{1,3}$/.test(given))
    throw new DvmError("invalid", `invalid device cgroup format '${given}'`);
}

/** `PATH:VALUE`. */
function splitDevice(given: string): [path: string, value: string] {
  const at = given.indexOf(":");
  if (at < 1) throw new DvmError("invalid", `bad format: ${given}`);
  const path = given.slice(0, at);
  if (!path.startsWith("/dev/"))
    throw new DvmError("invalid", `bad format for device path: ${given}`);
  return [path, given.slice(at + 1)];
}

function readWeight(given: string): JsonObject {
  const [path, value] = splitDevice(given);
  const weight = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (!(weight === 0 || (weight >= 10 && weight <= 1000)))
    throw new DvmError("invalid", `invalid weight for device: ${given}`);
  return { Path: path, Weight: weight };
}

const rateForm =
  "The correct format is <device-path>:<number>[<unit>]. Number must be a positive integer. Unit is optional and can be kb, mb, or gb";
const countForm = "The correct format is <device-path>:<number>. Number must be a positive integer";

function readRate(given: string): JsonObject {
  const [path, value] = splitDevice(given);
  try {
    return { Path: path, Rate: parseBytes(value) };
  } catch {
    throw new DvmError("invalid", `invalid rate for device: ${given}. ${rateForm}`);
  }
}

function readCount(given: string): JsonObject {
  const [path, value] = splitDevice(given);
  if (!/^\d+$/.test(value))
    throw new DvmError("invalid", `invalid rate for device: ${given}. ${countForm}`);
  return { Path: path, Rate: Number(value) };
}

/** `all`, a number, or `device=0,capabilities=utility`. */
function readGpus(given: string): JsonObject {
  const request: JsonObject = { Driver: "", Count: 0, Capabilities: [["gpu"]] };
  if (given === "all") return { ...request, Count: -1 };
  if (/^\d+$/.test(given)) return { ...request, Count: Number(given) };
  for (const field of given.split(",")) {
    const [key = "", value = ""] = field.split("=");
    if (key === "driver") request["Driver"] = value;
    else if (key === "count") request["Count"] = value === "all" ? -1 : Number(value);
    else if (key === "device") request["DeviceIDs"] = [value];
    else if (key === "capabilities") request["Capabilities"] = [["gpu", value]];
    else throw new DvmError("invalid", `unexpected key '${key}' in '${field}'`);
  }
  return request;
}
