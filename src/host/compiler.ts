import { join } from "node:path";
import { findTool, unpackedTools } from "./tools.ts";

/** A C compiler that makes static programs. */
export interface Compiler {
  path: string;
  /** Go before all others. */
  arguments: string[];
  environment: Record<string, string>;
}

/** musl's where it is installed (its programs are a tenth of the size), else gcc, else undefined. */
export async function findCompiler(dataRoot: string): Promise<Compiler | undefined> {
  const gcc = await findTool(dataRoot, "gcc");
  if (gcc === undefined) return undefined;
  const root = unpackedTools(dataRoot);
  if (!gcc.path.startsWith(`${root}/`)) return (await findTool(dataRoot, "musl-gcc")) ?? gcc;
  return { ...gcc, arguments: [`--sysroot=${root}`, `-B${join(root, "usr/bin")}`] };
}

/** Words that make a Makefile of ours use it. */
export function makeVariables(dataRoot: string, compiler: Compiler): string[] {
  if (!compiler.path.startsWith(`${unpackedTools(dataRoot)}/`)) return [];
  const command = [compiler.path, ...compiler.arguments].join(" ");
  return [`GUEST_CC=${command}`, `HOST_CC=${command}`, "KERNEL_HEADERS="];
}
