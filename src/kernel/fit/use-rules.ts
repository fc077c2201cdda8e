/** Something that a program asked of the kernel, as kernel/source/dvm_record.c tells it. */
export interface KernelUse {
  kind:
    | "call"
    | "socket"
    | "sockopt"
    | "mount"
    | "open"
    | "namespace"
    | "prctl"
    | "seccomp"
    | "fcntl"
    | "madvise"
    | "map"
    | "netlink"
    | "exec";
  numbers: readonly number[];
  name: string;
  /** 0: it worked; else an errno. */
  error: number;
  count: number;
}

/** Which option of a kernel a use takes, and what it is for a person. */
export interface UseRule {
  /** Without `CONFIG_`. */
  option: string;
  what: string;
  matches(use: KernelUse): boolean;
}

type Numbers = readonly (number | undefined)[];

/** A use of this kind whose numbers are these; undefined: any. */
const numbered =
  (kind: KernelUse["kind"]) =>
  (option: string, what: string, ...choices: readonly Numbers[]): UseRule => ({
    option,
    what,
    matches: (use) =>
      use.kind === kind &&
      choices.some((numbers) =>
        numbers.every((number, index) => number === undefined || number === use.numbers[index]),
      ),
  });

/** A use of this kind whose name fits. */
const named =
  (kind: KernelUse["kind"]) =>
  (option: string, what: string, name: RegExp): UseRule => ({
    option,
    what,
    matches: (use) => use.kind === kind && name.test(use.name),
  });

/** A message to the network's settings: its type, and the kind of thing that it makes. */
const netlink = (option: string, what: string, type: number, kind = /^/): UseRule => ({
  option,
  what,
  matches: ({ kind: own, numbers, name }) =>
    own === "netlink" && numbers[0] === type && kind.test(name),
});

const call = (option: string, what: string, ...numbers: readonly number[]): UseRule =>
  numbered("call")(option, what, ...numbers.map((number) => [number]));
const socket = numbered("socket");
const newLink = 16;
const newRule = 32;
const newQueue = 36;
const sockopt = numbered("sockopt");
const namespace = numbered("namespace");
const mount = named("mount");
const open = named("open");

/**
 * Numbers: of calls, arch/x86/entry/syscalls/syscall_64.tbl; of all else, Linux' include/uapi. Only
 * what a kernel of ours may lack is here. Each option is one of the recipe hyper-full.
 */
export const useRules: readonly UseRule[] = [
  call("IO_URING", "asynchronous I/O by io_uring", 425, 426, 427),
  call("AIO", "asynchronous I/O by io_submit", 206, 208, 209, 333),
  call("POSIX_MQUEUE", "POSIX message queues", 240, 242, 243, 244, 245),
  call("MEMFD_CREATE", "files in memory (memfd_create)", 319),
  call("INOTIFY_USER", "watching files (inotify)", 253, 254, 294),
  call("FANOTIFY", "watching whole mounts (fanotify)", 300, 301),
  call("KEYS", "keys kept by the kernel (keyctl)", 248, 249, 250),
  call("CROSS_MEMORY_ATTACH", "another process's memory (process_vm_readv)", 310, 311),
  call("FHANDLE", "files by handle (name_to_handle_at)", 303, 304),
  call("KCMP", "comparing processes (kcmp)", 312),
  call("SECCOMP_FILTER", "filters of system calls (seccomp)", 317),
  call("BPF_SYSCALL", "BPF programs (bpf)", 321),
  call("USERFAULTFD", "page faults by a program (userfaultfd)", 323),
  call("QUOTA", "quotas (quotactl)", 179, 443),
  call("SWAP", "swap files (swapon)", 167),
  socket("IPV6", "IPv6 sockets", [10]),
  socket("PACKET", "raw packets (AF_PACKET)", [17]),
  socket("INET_DIAG", "lists of sockets (ss)", [16, undefined, 4]),
  socket("NETFILTER", "packet filters (NETLINK_NETFILTER)", [16, undefined, 12]),
  socket("XFRM_USER", "IPsec (NETLINK_XFRM)", [16, undefined, 6]),
  socket("CRYPTO_USER_API_HASH", "the kernel's ciphers (AF_ALG)", [38]),
  sockopt("IP_MULTICAST", "multicast", [0, 35], [0, 36], [0, 39], [0, 42], [0, 46]),
  sockopt("IP_NF_IPTABLES", "packet filters (iptables-legacy)", [0, 64], [0, 65]),
  sockopt("IP6_NF_IPTABLES", "packet filters (ip6tables-legacy)", [41, 64], [41, 65]),
  sockopt("IP_VS", "load balancing (IPVS)", [0, 1152], [0, 1153]),
  sockopt("BPF_SYSCALL", "BPF programs on sockets", [1, 50]),
  {
    option: "TCP_CONG_BBR",
    what: "TCP's congestion control bbr",
    matches: ({ kind, numbers: [level, name], name: text }) =>
      kind === "sockopt" && level === 6 && name === 13 && text === "bbr",
  },
  namespace("NET_NS", "network namespaces", [0x4000_0000]),
  namespace("USER_NS", "user namespaces", [0x1000_0000]),
  namespace("TIME_NS", "time namespaces", [0x80]),
  numbered("prctl")("SECCOMP", "seccomp by prctl", [22]),
  numbered("fcntl")("DNOTIFY", "watching folders (F_NOTIFY)", [1026]),
  numbered("madvise")("TRANSPARENT_HUGEPAGE", "huge pages on request (MADV_HUGEPAGE)", [14]),
  numbered("map")("HUGETLBFS", "huge pages (MAP_HUGETLB)", [undefined]),
  netlink("BRIDGE", "network bridges", newLink, /^bridge$/),
  netlink("VETH", "pairs of network cards (veth)", newLink, /^veth$/),
  netlink("DUMMY", "network cards of no network (dummy)", newLink, /^dummy$/),
  netlink("VLAN_8021Q", "VLANs", newLink, /^vlan$/),
  netlink("MACVLAN", "networks by macvlan", newLink, /^macv(lan|tap)$/),
  netlink("IPVLAN", "networks by ipvlan", newLink, /^ipvl(an|tap)$/),
  netlink("VXLAN", "overlay networks (vxlan)", newLink, /^vxlan$/),
  netlink("WIREGUARD", "encrypted networks (WireGuard)", newLink, /^wireguard$/),
  netlink("IP_MULTIPLE_TABLES", "rules of routing (ip rule)", newRule),
  netlink("NET_SCHED", "queues of network traffic (tc)", newQueue),
  mount("FUSE_FS", "FUSE file systems", /^fuse(blk|\..*)?$/),
  mount("BTRFS_FS", "btrfs", /^btrfs$/),
  mount("XFS_FS", "XFS", /^xfs$/),
  mount("SQUASHFS", "squashfs", /^squashfs$/),
  mount("ISO9660_FS", "disc images", /^iso9660$/),
  mount("VFAT_FS", "FAT", /^(vfat|msdos)$/),
  mount("NFS_FS", "NFS", /^nfs4?$/),
  mount("CIFS", "SMB shares", /^(cifs|smb3)$/),
  mount("HUGETLBFS", "huge pages (hugetlbfs)", /^hugetlbfs$/),
  mount("POSIX_MQUEUE", "POSIX message queues", /^mqueue$/),
  mount("BINFMT_MISC", "registered interpreters (binfmt_misc)", /^binfmt_misc$/),
  mount("BPF_SYSCALL", "BPF objects", /^bpf$/),
  mount("FTRACE", "tracing", /^(tracefs|debugfs)$/),
  open("FUSE_FS", "FUSE file systems", /^\/dev\/fuse$/),
  open("BLK_DEV_LOOP", "files as disks (loop devices)", /^\/dev\/loop/),
  open("TUN", "VPNs and rootless networks (/dev/net/tun)", /^\/dev\/net\/tun$/),
  open("BLK_DEV_DM", "the device mapper", /^\/dev\/mapper\/control$/),
  open("BTRFS_FS", "btrfs", /^\/dev\/btrfs-control$/),
  open("POSIX_MQUEUE", "POSIX message queues", /^\/dev\/mqueue\/./),
  open("HUGETLBFS", "huge pages (hugetlbfs)", /^\/dev\/hugepages\/./),
  open(
    "PROC_PAGE_MONITOR",
    "memory of a process, by page (smaps)",
    /^\/proc\/[^/]+\/(task\/N\/)?(smaps|smaps_rollup|pagemap|clear_refs)$/,
  ),
  open("PROC_CHILDREN", "process trees", /^\/proc\/[^/]+\/task\/N\/children$/),
  open("TASK_IO_ACCOUNTING", "I/O of a process (/proc/PID/io)", /^\/proc\/[^/]+\/io$/),
  open("PSI", "pressure of memory and processors", /^\/proc\/pressure\/|\.pressure$/),
  open("IPV6", "IPv6 settings and lists", /^\/proc\/(sys\/net\/ipv6\/|net\/\w*6(_|$))/),
  open("NF_CONNTRACK", "tracked connections", /^\/proc\/(net\/nf_conntrack|sys\/net\/netfilter\/)/),
  open("BRIDGE_NETFILTER", "packet filters of bridges", /^\/proc\/sys\/net\/bridge\//),
  open("BINFMT_MISC", "registered interpreters", /^\/proc\/sys\/fs\/binfmt_misc\//),
  open("FTRACE", "tracing", /^\/sys\/kernel\/(debug|tracing)\//),
];
