import { DvmError } from "../base/errors.ts";
import { runTool } from "../host/run-tool.ts";

/** A group's number, by its name or number. */
export function groupId(name: string): Promise<number> {
  return idOf("group", name);
}

/** A user's number, by its name or number. */
export function userId(name: string): Promise<number> {
  return idOf("passwd", name);
}

async function idOf(database: "group" | "passwd", name: string): Promise<number> {
  if (/^\d+$/.test(name)) return Number(name);
  const what = database === "group" ? "group" : "user";
  const purpose = `find the ${what} ${name}`;
  const line = await runTool("getent", ["--", database, name], { purpose }).catch(() => "");
  const id = line.split(":")[2];
  if (id === undefined) throw new DvmError("invalid", `${what} ${name} not found`);
  return Number(id);
}
