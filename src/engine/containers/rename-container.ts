import { DvmError } from "../../base/errors.ts";
import type { Engine } from "../core.ts";
import { cleanName } from "./container-name.ts";

/** Gives a container another name, once whatever is being done with it is done. */
export async function renameContainer(
  engine: Engine,
  container: string,
  wanted: string,
): Promise<void> {
  if (wanted === "" || wanted === "/")
    throw new DvmError("invalid", "Neither old nor new names may be empty");
  const { id } = engine.containers.find(container);
  const name = cleanName(wanted);
  await engine.containers.change(id, async (held) => {
    const oldName = held.record.name;
    if (name === oldName)
      throw new DvmError("invalid", "Renaming a container with the same name as its current name");
    held.rename(name);
    engine.announce("rename", held.record, { oldName: `/${oldName}` });
  });
}
