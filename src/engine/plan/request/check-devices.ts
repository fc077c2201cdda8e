import type { HostConfig } from "../../records.ts";
import { refuseGiven } from "./refuse-given.ts";

export function checkDevices({ Devices, DeviceCgroupRules, DeviceRequests }: HostConfig): void {
  refuseGiven("HostConfig.", { Devices, DeviceCgroupRules, DeviceRequests });
}
