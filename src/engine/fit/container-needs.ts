import { judgeLabels } from "../../kernel/fit/judge-image.ts";
import { joinNeeds, type KernelNeed, type KernelNeeds } from "../../kernel/fit/kernel-need.ts";
import type { KnownFeatures } from "../../kernel/fit/known-features.ts";
import type { ContainerRecord } from "../records.ts";

/** What a container asks of its kernel beside its image: by its mounts, limits, labels. Pure. */
export function containerNeeds(
  { run, labels }: Pick<ContainerRecord, "run" | "labels">,
  features: KnownFeatures,
): KernelNeeds {
  const { mounts, limits, inside, confinement } = run;
  const needs: KernelNeed[] = [];
  const need = (isNeeded: boolean, reason: string, ...options: string[]) => {
    for (const name of isNeeded ? options : []) {
      const option = `CONFIG_${name}`;
      needs.push({ feature: features.of(option) ?? name, option, reason, source: "container" });
    }
  };
  need(
    mounts.some(({ kind }) => kind !== "tmpfs" && kind !== "image"),
    "binds and volumes",
    "FUSE_FS",
  );
  need(limits.memoryBytes > 0, "a limit of memory", "MEMCG");
  need(limits.processes > 0, "a limit of processes", "CGROUP_PIDS");
  need(limits.nanoCpus % 1e9 !== 0, "a share of a processor", "CFS_BANDWIDTH");
  need(limits.nanoCpus > 1e9, "several processors", "SMP");
  const { seccomp, deviceRules } = confinement;
  need(seccomp.startsWith("{"), "a seccomp profile of its own", "SECCOMP_FILTER");
  need(deviceRules.length > 0, "rules of devices", "CGROUP_BPF");
  const isIpv6 = (name: string) => name.startsWith("net.ipv6.");
  need(Object.keys(inside.sysctls).some(isIpv6), "settings of IPv6", "IPV6");
  return joinNeeds({ needs, refused: [] }, judgeLabels(labels, features));
}
