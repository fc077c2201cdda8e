import { DvmError } from "../../base/errors.ts";
import type { Engine, HeldContainer } from "../core.ts";
import { renamed, renewNames } from "./move-names.ts";
import { cleanName } from "./container-name.ts";
import { saidWhy } from "./said-why.ts";

/** Gives a container another name, once whatever is being done with it is done. */
export async function renameContainer(
  engine: Engine,
  container: string,
  wanted: string,
): Promise<void> {
  if (wanted === "") throw new DvmError("invalid", "Neither old nor new names may be empty");
  const { id } = engine.containers.find(container);
  const withSlash = wanted.startsWith("/") ? wanted : `/${wanted}`;
  await engine.containers.change(id, async (held) => {
    const oldName = held.record.name;
    if (withSlash === `/${oldName}`)
      throw new DvmError("invalid", "Renaming a container with the same name as its current name");
    await saidWhy("Error when allocating new name", async () => held.rename(cleanName(withSlash)));
    await renameInNetworks(engine, held, [oldName, held.record.name]);
    engine.announce("rename", held.record, { oldName: `/${oldName}` });
  });
}

/** Others find it by its new name, and no more by the old one. */
async function renameInNetworks(
  engine: Engine,
  held: HeldContainer,
  names: readonly [string, string],
): Promise<void> {
  const { state } = held.record;
  if (!("run" in state)) return;
  const endpoints = renamed(state.endpoints, names);
  held.apply({ kind: "networked", ports: state.ports, endpoints });
  await renewNames(engine, held.record, state.run.machine);
}
