import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { checkProgram, judgeLabels, judgeLibraries } from "../../src/kernel/fit/judge-image.ts";
import { judgeKernels, smallestRecipe } from "../../src/kernel/fit/judge-kernels.ts";
import { judgeUses } from "../../src/kernel/fit/judge-uses.ts";
import { joinNeeds, type KernelNeed } from "../../src/kernel/fit/kernel-need.ts";
import { knownFeatures, trialRecipe } from "../../src/kernel/fit/known-features.ts";
import { useRules, type KernelUse } from "../../src/kernel/fit/use-rules.ts";
import { readRecipe, recipeNames, recipeOptions } from "../../src/kernel/kernel-recipe.ts";
import { storeKernel } from "../../src/kernel/kernel.ts";
import { fitsAnImage } from "../../src/kernel/reserved-names.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** What QEMU's driver asks of a kernel. */
const machine = ["microvm"];

/** `call 425`, `open 2 /dev/fuse`: a kind, the error where it isn't 0 (as `!2`), numbers and a name. */
function use(text: string): KernelUse {
  const [kind = "", ...words] = text.split(" ");
  const error = Number(words.find((word) => word.startsWith("!"))?.slice(1) ?? 0);
  const numbers = words.filter((word) => /^\d+$/.test(word)).map(Number);
  const name = words.find((word) => !/^!?\d+$/.test(word)) ?? "";
  return { kind: kind as KernelUse["kind"], numbers, name, error, count: 1 };
}

const judge = async (...texts: string[]) => judgeUses(texts.map(use), await knownFeatures());

test("each option that a use may take is on in hyper-full, and one of its features asks for it", async () => {
  const features = await knownFeatures();
  const options = recipeOptions(await readRecipe(trialRecipe));
  const on = new Set(options.filter(({ value }) => value === "y").map(({ name }) => name));
  for (const { option } of useRules) {
    assert(on.has(`CONFIG_${option}`), `${option} is on`);
    assert.notEqual(features.of(`CONFIG_${option}`), undefined, option);
  }
});

test("no recipe has the name that stands for the smallest", async () => {
  assert(!(await recipeNames()).includes(fitsAnImage));
});

test("what a program uses gives the smallest recipe that has it", async () => {
  const expected: [uses: string[], recipe: string][] = [
    [["call 0", "socket 2 1 0", "open /proc/self/status", "mount tmpfs"], "hyper-min"],
    [["namespace 131072", "prctl 15", "madvise 4", "fcntl 3"], "hyper-min"],
    [["socket 10 1 0"], "hyper"],
    [["call 425"], "hyper"],
    [["open /proc/N/smaps"], "hyper"],
    [["open /dev/fuse", "mount fuse.sshfs"], "hyper"],
    [["namespace 268435456", "seccomp 1"], "hyper"],
    [["socket 16 3 12"], "hyper-full"],
    [["sockopt 0 64"], "hyper-full"],
    [["call 321"], "hyper-full"],
    [["netlink 16 veth", "netlink 32"], "hyper"],
    [["netlink 16 bridge"], "hyper-full"],
    [["mount btrfs"], "hyper-full"],
    [["open /sys/kernel/tracing/trace"], "hyper-full"],
  ];
  for (const [uses, recipe] of expected) {
    const { needs } = await judge(...uses);
    assert.equal(await smallestRecipe({ machine, needs }), recipe, uses.join());
  }
});

test("a use that failed is told and not needed; a call that is there may fail for other reasons", async () => {
  const failed = await judge(
    "socket 40 1 0 !97",
    "call 444 !38",
    "call 321 !1",
    "open /dev/fuse !2",
  );
  assert.deepEqual(failed.needs, []);
  assert.deepEqual(failed.refused, [
    {
      what: "a socket of family 40, type 1, protocol 0",
      error: "EAFNOSUPPORT",
      feature: undefined,
    },
    { what: "system call landlock_create_ruleset", error: "ENOSYS", feature: undefined },
    { what: "BPF programs (bpf)", error: "EPERM", feature: "containers" },
    { what: "FUSE file systems", error: "ENOENT", feature: "fuse" },
  ]);
  const there = await judge("call 250 !126", "call 254 !2", "call 2 !2", "prctl 9999 !22");
  assert.deepEqual(
    there.needs.map(({ option }) => option),
    ["CONFIG_KEYS", "CONFIG_INOTIFY_USER"],
  );
  assert.deepEqual(there.refused, []);
});

test("a program that no kernel of ours runs is told", async () => {
  checkProgram("/bin/a", { bits: 64, machine: 62 });
  for (const [bits, machine, name] of [
    [32, 3, "i386"],
    [64, 183, "ARM 64"],
    [32, 62, "x32"],
  ] as const)
    assert.throws(() => checkProgram("/bin/a", { bits, machine }), {
      code: "unsupported",
      message: new RegExp(`/bin/a is a program of ${bits} bits for ${name}: no kernel`),
    });
  const { refused } = await judge("exec !8 /bin/i386");
  assert.match(refused[0]?.what ?? "", /^\/bin\/i386, a program of another architecture/);
});

test("labels and libraries tell needs, and a label that names no feature is told", async () => {
  const features = await knownFeatures();
  const labels = judgeLabels({ "dvm.kernel.features": "containers, fuse,\x1b[1mx," }, features);
  assert.deepEqual(
    labels.needs.map(({ feature }) => feature),
    ["containers", "fuse"],
  );
  assert.deepEqual(labels.refused, [
    {
      what: "feature ?[1mx, by label dvm.kernel.features",
      error: "there is no such feature",
    },
  ]);
  assert.equal(await smallestRecipe({ machine, needs: labels.needs }), "hyper-full");
  const { needs } = judgeLibraries(["libc.so.6", "liburing.so.2", "libfuse3.so.3"], features);
  assert.deepEqual(
    needs.map(({ feature, reason }) => `${feature}: ${reason}`),
    ["programs: library liburing.so.2", "fuse: library libfuse3.so.3"],
  );
});

test("needs that are joined are told once each, by the first reason", () => {
  const need = (reason: string, option?: string): KernelNeed => ({
    ...{ feature: "fuse", option, reason },
    source: "trial",
  });
  const refused = [{ what: "x", error: "ENOSYS" }];
  const joined = joinNeeds(
    { needs: [need("a", "CONFIG_A"), need("b", "CONFIG_B")], refused },
    { needs: [need("c", "CONFIG_A"), need("d")], refused },
  );
  assert.deepEqual(
    joined.needs.map(({ reason }) => reason),
    ["a", "b", "d"],
  );
  assert.deepEqual(joined.refused, refused);
});

test("of the built kernels the smallest serves that has what is needed, by what came out of its build", async () => {
  await using folder = await temporaryFolder();
  await madeKernel(folder.path, { name: "hyper-min", bytes: 100, config: "CONFIG_A=y\n" });
  await madeKernel(folder.path, { name: "hyper-xen", bytes: 50, features: ["xen"] });
  await madeKernel(folder.path, { name: "hyper", bytes: 300, config: "CONFIG_A=y\nCONFIG_B=y\n" });
  const found = async (...options: string[]) => {
    const needs = options.map((option) => ({
      ...{ feature: "f", option, reason: "" },
      source: "trial" as const,
    }));
    return (await judgeKernels(folder.path, { machine, needs })).kernel?.name;
  };
  assert.equal(await found(), "hyper-min");
  assert.equal(await found("CONFIG_A"), "hyper-min");
  assert.equal(await found("CONFIG_A", "CONFIG_B"), "hyper");
  assert.equal(await found("CONFIG_C"), undefined);
});

/** A kernel of the store that is none but in its record. */
async function madeKernel(
  dataRoot: string,
  made: { name: string; bytes: number; config?: string; features?: string[] },
): Promise<void> {
  const folder = join(dataRoot, "made");
  await mkdir(folder);
  await writeFile(join(folder, "bzImage"), Buffer.alloc(made.bytes));
  await writeFile(join(folder, "config"), made.config ?? "");
  const built = { source: "", sourceVersion: "", toolChain: "", compiledFiles: 1, tookMs: 1 };
  await storeKernel(folder, join(dataRoot, "kernels", made.name), {
    ...{ name: made.name, release: "6.1", discovery: "cmdline", source: "", modules: [] },
    built: { ...built, features: made.features ?? ["microvm"] },
  });
}
