import { join } from "node:path";
import { findTool, libraryFolders, unpackedTools, type Tool } from "../../../host/tools.ts";

/** QEMU for x86 guests, told where its firmware and modules are when it isn't the system's. */
export async function findQemu(dataRoot: string): Promise<Tool | undefined> {
  const tool = await findTool(dataRoot, "qemu-system-x86_64");
  const root = unpackedTools(dataRoot);
  if (tool === undefined || !tool.path.startsWith(`${root}/`)) return tool;
  const data = ["usr/share/qemu", "usr/share/seabios"].flatMap((folder) => [
    "-L",
    join(root, folder),
  ]);
  const [libraries = root] = await libraryFolders(root);
  const environment = { ...tool.environment, QEMU_MODULE_DIR: join(libraries, "qemu") };
  return { ...tool, arguments: [...data, ...tool.arguments], environment };
}
