import { goNamed } from "../../../base/go-schema.ts";
import { flag, map, optional, number, string } from "../../../base/json-fields.ts";
import { z } from "zod";

/** Which namespaces are whose, and how the container is run in them. */
export const namespaceFields = {
  Cgroup: goNamed("container.CgroupSpec", string),
  CgroupnsMode: goNamed("container.CgroupnsMode", string),
  IpcMode: goNamed("container.IpcMode", string),
  PidMode: goNamed("container.PidMode", string),
  UTSMode: goNamed("container.UTSMode", string),
  UsernsMode: goNamed("container.UsernsMode", string),
  Isolation: goNamed("container.Isolation", string),
  Runtime: string,
  Annotations: map(string),
  OomScoreAdj: goNamed("int", number),
  Privileged: flag,
  Sysctls: map(string),
  ShmSize: number,
  Init: optional(z.boolean()),
};
