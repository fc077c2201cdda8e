import { judgeLabels } from "../../kernel/fit/judge-image.ts";
import { joinNeeds, type KernelNeed, type KernelNeeds } from "../../kernel/fit/kernel-need.ts";
import type { KnownFeatures } from "../../kernel/fit/known-features.ts";
import type { ContainerRecord } from "../container-record.ts";

/** What a container asks of its kernel beside its image: by its mounts, limits, labels. Pure. */
export function containerNeeds(
  { hostConfig, mounts, config }: Pick<ContainerRecord, "hostConfig" | "mounts" | "config">,
  features: KnownFeatures,
): KernelNeeds {
  const needs: KernelNeed[] = [];
  const need = (isNeeded: boolean, reason: string, ...options: string[]) => {
    for (const name of isNeeded ? options : []) {
      const option = `CONFIG_${name}`;
      needs.push({ feature: features.of(option) ?? name, option, reason, source: "container" });
    }
  };
  need(
    mounts.some(({ Type }) => Type !== "tmpfs"),
    "binds and volumes",
    "9P_FS",
    "NET_9P_VIRTIO",
  );
  need(hostConfig.Memory > 0, "a limit of memory", "MEMCG");
  need(hostConfig.PidsLimit > 0, "a limit of processes", "CGROUP_PIDS");
  need(hostConfig.NanoCpus % 1e9 !== 0, "a share of a processor", "CFS_BANDWIDTH");
  need(hostConfig.NanoCpus > 1e9, "several processors", "SMP");
  const isIpv6 = (name: string) => name.startsWith("net.ipv6.");
  need(Object.keys(hostConfig.Sysctls).some(isIpv6), "settings of IPv6", "IPV6");
  return joinNeeds({ needs, refused: [] }, judgeLabels(config.Labels, features));
}
