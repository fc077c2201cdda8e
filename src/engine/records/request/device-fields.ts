import { z } from "zod";
import { goNamed } from "../../../base/go-schema.ts";
import { list, map, number, string } from "../../../base/json-fields.ts";

/** Devices of the host, and what is asked of device drivers. */
export const deviceFields = {
  Devices: list(
    goNamed(
      "container.DeviceMapping",
      z.object({ PathOnHost: string, PathInContainer: string, CgroupPermissions: string }),
    ),
  ),
  DeviceCgroupRules: list(string),
  DeviceRequests: list(
    goNamed(
      "container.DeviceRequest",
      z.object({
        Driver: string,
        Count: goNamed("int", number),
        DeviceIDs: list(string),
        Capabilities: list(list(string)),
        Options: map(string),
      }),
    ),
  ),
};
