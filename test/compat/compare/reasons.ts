import type { Difference } from "./differences.ts";

interface Reason {
  /** Of which calls; all when left out. */
  call?: RegExp;
  path: RegExp;
  why: string;
}

/** Why DVM answers otherwise than Docker, where it does so on purpose or can't do otherwise. */
const reasons: readonly Reason[] = [
  {
    path: /^body(\.\d+)?\.(Dvm|dvm_host_memory)\b/,
    why: "Members that Docker hasn't: what a client might want to know of machines and trust. Clients ignore what they don't know",
  },
  {
    call: /\/version/,
    path: /^body\.(Version|GitCommit|GoVersion|BuildTime|Platform|Components)\b/,
    why: "The engine is another one, of other parts, and says so",
  },
  {
    call: /\/info\b/,
    path: /^body\.(ID|Driver|DriverStatus|InitCommit|ContainerdCommit|OperatingSystem|ServerVersion|InitBinary|RuncCommit|Containerd|LiveRestoreEnabled)\b/,
    why: "The engine is another one: it keeps images as EROFS, has no containerd and no runc, and containers outlive its daemon",
  },
  {
    call: /\/info\b/,
    path: /^body\.(Runtimes|Plugins|CDISpecDirs|FirewallBackend|SecurityOptions|DefaultRuntime)\b/,
    why: "What there is to choose from: one runtime, no third-party drivers, no CDI; the isolation is a virtual machine's",
  },
  {
    call: /\/info\b/,
    path: /^body\.(CgroupVersion|KernelMemory|KernelMemoryTCP|OomKillDisable|CgroupDriver|Warnings)\b/,
    why: "The guest's cgroups are version 2; the compared dockerd's host has version 1",
  },
  {
    call: /\/info\b/,
    path: /^body\.RegistryConfig\b.*Mirrors/,
    why: "Each engine was given the address by which it reaches the same stand-in for Docker Hub",
  },
  {
    path: /^body(\.\d+)?\.(Driver|GraphDriver\b.*)$/,
    why: "Images are EROFS disks, not overlay2 folders of the host; there are no folders to name",
  },
  {
    path: /\.HostConfig\.CgroupnsMode$/,
    why: "Docker's default is `private` with version 2 of cgroups and `host` with version 1, which the compared dockerd's host has",
  },
  {
    path: /\.LogPath$/,
    why: "The log's file has another name",
  },
  {
    call: /\/_ping/,
    path: /^headers\.builder-version$/,
    why: "No builder is told of until images are built here",
  },
  {
    path: /\.Networks\.bridge\.DNSNames$/,
    why: "dockerd tells names on the predefined network of a container that was renamed, and of no other; nobody looks them up there",
  },
  {
    call: /every tag/,
    path: /^body\.\d+/,
    why: "A pull of all tags tells the end of each; dockerd tells the end of the last",
  },
  {
    call: /\/images\/committed/,
    path: /^body\.Config\.Env\b/,
    why: "The same variables in another order",
  },
  {
    call: /prune|size=1|system\/df/,
    path: /\.(SpaceReclaimed|SizeRw|LayersSize)$/,
    why: "Counted is what disks take of the host; a container's own disk is never quite empty",
  },
  {
    path: /\.(ResolvConfPath|HostnamePath|HostsPath|SandboxID|SandboxKey)$/,
    why: "These files and namespaces are inside of the machine; the host has none to name",
  },
  {
    call: /\/images\/committed/,
    path: /^body\.DockerVersion$/,
    why: "No Docker made the image",
  },
  {
    call: /\/auth/,
    path: /^body\.message$/,
    why: "Words of the resolver: there is no such registry in reach",
  },
  {
    call: /\/stats/,
    path: /^body\.(memory_stats|blkio_stats|precpu_stats|cpu_stats)\b/,
    why: "Numbers of version 2 of cgroups, as Docker gives them on such a host; the compared dockerd's host has version 1",
  },
];

/** Undefined for a difference that nobody gave a reason for. */
export function reasonOf({ call, path }: Difference): string | undefined {
  return reasons.find((one) => (one.call?.test(call) ?? true) && one.path.test(path))?.why;
}
