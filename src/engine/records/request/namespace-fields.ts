import { flag, map, optional, number, string } from "../../../base/json-fields.ts";
import { z } from "zod";

/** Which namespaces are whose, and how the container is run in them. */
export const namespaceFields = {
  Cgroup: string,
  CgroupnsMode: string,
  IpcMode: string,
  PidMode: string,
  UTSMode: string,
  UsernsMode: string,
  Isolation: string,
  Runtime: string,
  Annotations: map(string),
  OomScoreAdj: number,
  Privileged: flag,
  Sysctls: map(string),
  ShmSize: number,
  Init: optional(z.boolean()),
};
