import { DvmError } from "../../base/errors.ts";
import type { KnownFeatures } from "./known-features.ts";
import type { KernelNeeds } from "./kernel-need.ts";

/** Names of the features that an image asks for, between commas. */
export const featuresLabel = "dvm.kernel.features";

/** `e_machine` of x86-64; x32 programs have it, too, with 32 bits. */
const ourMachine = 62;
const machineNames: Record<number, string> = {
  3: "i386",
  8: "MIPS",
  20: "PowerPC",
  21: "PowerPC 64",
  22: "s390",
  40: "ARM",
  62: "x32",
  183: "ARM 64",
  243: "RISC-V",
  258: "LoongArch",
};

/** Libraries that nobody is linked with who doesn't mean to use what they stand for. */
const libraries: readonly (readonly [name: RegExp, option: string])[] = [
  [/^liburing\.so/, "IO_URING"],
  [/^libaio\.so/, "AIO"],
  [/^libfuse3?\.so/, "FUSE_FS"],
  [/^libseccomp\.so/, "SECCOMP_FILTER"],
  [/^lib(nftnl|nftables)\.so/, "NF_TABLES"],
  [/^lib(ip4tc|xtables)\.so/, "IP_NF_IPTABLES"],
  [/^lib(ip6tc)\.so/, "IP6_NF_IPTABLES"],
  [/^libnetfilter_conntrack\.so/, "NF_CT_NETLINK"],
  [/^libipset\.so/, "IP_SET"],
  [/^libbpf\.so/, "BPF_SYSCALL"],
  [/^libpcap\.so/, "PACKET"],
  [/^lib(devmapper|cryptsetup)\.so/, "BLK_DEV_DM"],
  [/^libbtrfs(util)?\.so/, "BTRFS_FS"],
  [/^libkeyutils\.so/, "KEYS"],
];

/** What labels ask for; a feature that there is none of is told as refused. */
export function judgeLabels(
  labels: Readonly<Record<string, string>>,
  features: KnownFeatures,
): KernelNeeds {
  const found: KernelNeeds = { needs: [], refused: [] };
  const names = (labels[featuresLabel] ?? "").split(",").map((name) => name.trim());
  for (const feature of names.filter((name) => name !== "")) {
    if (features.names.has(feature))
      found.needs.push({ feature, reason: `label ${featuresLabel}`, source: "label" });
    else {
      const what = `feature ${printable(feature)}, by label ${featuresLabel}`;
      found.refused.push({ what, error: "there is no such feature" });
    }
  }
  return found;
}

/** What the libraries of a program tell. */
export function judgeLibraries(names: readonly string[], features: KnownFeatures): KernelNeeds {
  const needs = names.flatMap((name) => {
    const option = `CONFIG_${libraries.find(([pattern]) => pattern.test(name))?.[1] ?? ""}`;
    const feature = features.of(option);
    if (feature === undefined) return [];
    return [{ feature, option, reason: `library ${name}`, source: "image" as const }];
  });
  return { needs, refused: [] };
}

/** Throws `unsupported` when no kernel of ours runs such a program. */
export function checkProgram(path: string, elf: { bits: number; machine: number }): void {
  if (elf.bits === 64 && elf.machine === ourMachine) return;
  const name = machineNames[elf.machine] ?? `machine ${elf.machine}`;
  throw new DvmError(
    "unsupported",
    `cannot fit a kernel: ${printable(path)} is a program of ${elf.bits} bits for ${name}: no kernel of DVM's runs it`,
    { hint: "--kernel stock runs programs of i386; images must be for linux/amd64" },
  );
}

function printable(text: string): string {
  return text.replace(/[^!-~]/g, "?").slice(0, 200);
}
