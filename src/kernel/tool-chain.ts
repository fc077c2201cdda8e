import { DvmError } from "../base/errors.ts";
import { runTool } from "../host/run-tool.ts";
import { missingBuildPackages } from "./build-tools.ts";

/** Whose versions decide which bytes come out: compiler, assembler and linker, compressor. */
const programs = ["gcc", "ld", "xz"];

/** What kernels are built by, as text that changes when another version is installed. */
export async function describeToolChain(): Promise<string> {
  const lines = programs.map(async (program) => {
    const text = await runTool(program, ["--version"], { purpose: "build a kernel" });
    return text.split("\n")[0] ?? "";
  });
  return (await Promise.all(lines)).join("; ");
}

/** Fails with what to install when something is missing. */
export async function requireToolChain(): Promise<void> {
  const missing = await missingBuildPackages();
  if (missing.length === 0) return;
  throw new DvmError("unavailable", `cannot build a kernel: ${missing.join(", ")} not installed`, {
    hint: `as root: apt-get install ${missing.join(" ")}`,
  });
}
