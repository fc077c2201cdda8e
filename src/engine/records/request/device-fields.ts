import { z } from "zod";
import { list, map, number, string } from "../../../base/json-fields.ts";

/** Devices of the host, and what is asked of device drivers. */
export const deviceFields = {
  Devices: list(
    z.object({ PathOnHost: string, PathInContainer: string, CgroupPermissions: string }),
  ),
  DeviceCgroupRules: list(string),
  DeviceRequests: list(
    z.object({
      Driver: string,
      Count: number,
      DeviceIDs: list(string),
      Capabilities: list(list(string)),
      Options: map(string),
    }),
  ),
};
