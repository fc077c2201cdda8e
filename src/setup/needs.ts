import { glob } from "node:fs/promises";
import { findCompiler } from "../host/compiler.ts";
import { findTool } from "../host/tools.ts";
import { missingBuildPackages } from "../kernel/build-tools.ts";
import { unmadePrograms } from "./own-programs.ts";

/** What somebody wants to do with DVM on this host. */
export type Purpose = "run" | "tests" | "kernel";

/** A package that is missing, and what it is for. */
export interface Need {
  packageName: string;
  why: string;
}

interface PackageCheck extends Need {
  /** Its programs; all must be there. */
  programs?: string[];
  /** A pattern of which one file must be there. */
  file?: string;
}

const forMachines: PackageCheck[] = [
  { packageName: "qemu-system-x86", programs: ["qemu-system-x86_64"], why: "runs machines" },
  { packageName: "e2fsprogs", programs: ["mkfs.ext4"], why: "makes machines' scratch disks" },
  { packageName: "nftables", programs: ["nft"], why: "keeps networks of machines apart" },
  { packageName: "passt", programs: ["pasta"], why: "leads networks of machines outside" },
];

/** What the tests and test/fixtures/build-fixtures.sh call. */
const forTests: PackageCheck[] = [
  { packageName: "mmdebstrap", programs: ["mmdebstrap"], why: "makes the fixtures' root" },
  { packageName: "umoci", programs: ["umoci"], why: "makes the fixtures' layers" },
  { packageName: "skopeo", programs: ["skopeo"], why: "writes fixture archives" },
  { packageName: "buildah", programs: ["buildah"], why: "writes a multi-arch fixture" },
  { packageName: "podman", programs: ["podman"], why: "writes fixture archives" },
  {
    packageName: "docker.io",
    programs: ["docker", "dockerd"],
    why: "writes a fixture archive; is what DVM is compared with",
  },
  {
    packageName: "docker-registry",
    programs: ["docker-registry"],
    why: "is what images are pushed to and pulled from",
  },
  { packageName: "openssl", programs: ["openssl"], why: "makes a registry's certificate" },
  { packageName: "busybox-static", programs: ["busybox"], why: "is in the fixtures" },
  { packageName: "erofs-utils", programs: ["fsck.erofs", "dump.erofs"], why: "checks our EROFS" },
  { packageName: "attr", programs: ["setfattr"], why: "plants attributes in fixtures" },
  { packageName: "libcap2-bin", programs: ["setcap"], why: "plants capabilities in fixtures" },
  { packageName: "redis-tools", programs: ["redis-benchmark"], why: "asks a redis in a machine" },
  { packageName: "curl", programs: ["curl"], why: "asks an nginx in a machine" },
  { packageName: "make", programs: ["make"], why: "builds the agent" },
  { packageName: "musl-tools", programs: ["musl-gcc"], why: "builds a small agent" },
  { packageName: "clang", programs: ["clang"], why: "builds the fuzzed parser" },
  { packageName: "clang-format", programs: ["clang-format"], why: "checks the form of C" },
  {
    packageName: "libclang-rt-dev",
    file: "/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.asan*",
    why: "finds faults in the fuzzed parser",
  },
];

/** Packages that are missing for `purpose`; `tests` holds the two others. */
export async function missingNeeds(dataRoot: string, purpose: Purpose): Promise<Need[]> {
  const needs: Need[] = [];
  if (purpose !== "kernel") {
    needs.push(...(await missing(dataRoot, forMachines)), ...(await compilerNeeds(dataRoot)));
  }
  if (purpose === "tests") needs.push(...(await missing(dataRoot, forTests)));
  if (purpose !== "run") {
    const names = await missingBuildPackages();
    needs.push(...names.map((packageName) => ({ packageName, why: "builds a kernel" })));
  }
  return needs.filter((need, index) => index === needs.findIndex(sameAs(need)));
}

/** What is DVM's own comes as C and is compiled once. */
async function compilerNeeds(dataRoot: string): Promise<Need[]> {
  const [unmade] = await unmadePrograms(dataRoot);
  if (unmade === undefined) return [];
  const why = `builds ${unmade.name}`;
  const needs: Need[] = [];
  if ((await findTool(dataRoot, "make")) === undefined) needs.push({ packageName: "make", why });
  if ((await findCompiler(dataRoot)) === undefined)
    needs.push({ packageName: "gcc", why }, { packageName: "libc6-dev", why });
  return needs;
}

async function missing(dataRoot: string, checks: PackageCheck[]): Promise<Need[]> {
  const needs: Need[] = [];
  for (const { packageName, why, programs = [], file } of checks) {
    const tools = await Promise.all(programs.map((name) => findTool(dataRoot, name)));
    const isThere = !tools.includes(undefined) && (file === undefined || (await matches(file)));
    if (!isThere) needs.push({ packageName, why });
  }
  return needs;
}

async function matches(pattern: string): Promise<boolean> {
  for await (const path of glob(pattern)) return path !== "";
  return false;
}

function sameAs({ packageName }: Need): (other: Need) => boolean {
  return (other) => other.packageName === packageName;
}
