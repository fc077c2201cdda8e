import { DvmError } from "../../base/errors.ts";
import { type Containers, type Engine } from "../core.ts";
import { linkEnvironment } from "../plan.ts";
import { type ContainerRecord, type DockerRequest, isUp, sharingContainer } from "../records.ts";
import { withoutPrefix } from "../../network/without-prefix.ts";

type Links = ContainerRecord["run"]["links"];

/** Docker's `Links`, each a `NAME:ALIAS`, as the containers that they name. */
export function resolveLinks(containers: Containers, { hostConfig }: DockerRequest): Links {
  return (hostConfig.Links ?? []).map((text) => {
    const { name, alias } = parseLink(text);
    return { container: linkedContainer(containers, name).id, alias };
  });
}

/** A link under the name that it has for everybody: `/web/db`. */
export function linkName({ name }: Pick<ContainerRecord, "name">, alias: string): string {
  return `/${name}/${alias}`;
}

/** A container that is about to start, with what it is told of those that are linked to it. */
export function withLinks(engine: Engine, record: ContainerRecord): ContainerRecord {
  const { run } = record;
  const told = run.links.flatMap(({ container, alias }) => {
    const child = engine.containers.get(container);
    return child === undefined ? [] : [tellOf(record, child, alias)];
  });
  if (told.length === 0) return record;
  return {
    ...record,
    run: {
      ...run,
      extraHosts: [...run.extraHosts, ...told.map(({ host }) => host)],
      process: { ...run.process, env: [...told.flatMap(({ env }) => env), ...run.process.env] },
    },
  };
}

/** Takes the link away that is known as `name`. */
export async function removeLink(engine: Engine, name: string): Promise<void> {
  const child = engine.containers.find(name);
  const [parentName = "", alias, ...more] = name.replace(/^\//, "").split("/");
  if (alias === undefined || more.length > 0)
    throw new DvmError(
      "unclassified",
      "Conflict, cannot remove the default link name of the container",
    );
  const { id } = engine.containers.find(parentName);
  await engine.containers.change(id, async (held) => {
    const { run } = held.record;
    const links = run.links.filter((one) => one.container !== child.id || one.alias !== alias);
    held.note({ run: { ...run, links } });
  });
}

function tellOf(
  parent: ContainerRecord,
  child: ContainerRecord,
  alias: string,
): { host: string; env: string[] } {
  const name = linkName(parent, alias);
  if (!isUp(child))
    throw new DvmError(
      "unclassified",
      `Cannot link to a non running container: /${child.name} AS ${name}`,
    );
  const address = addressIn(child);
  const { config } = child.request;
  const names = [...new Set([alias, config.Hostname, child.name])];
  return {
    host: `${names.join(" ")}:${address}`,
    env: linkEnvironment({
      ...{ name, address, env: config.Env ?? [] },
      exposedPorts: Object.keys(config.ExposedPorts),
    }),
  };
}

/** Where it is reached: on the bridge, where links are told of. */
function addressIn({ state }: ContainerRecord): string {
  const endpoints = "endpoints" in state ? state.endpoints : [];
  const found = endpoints.find(({ network }) => network === "bridge");
  return withoutPrefix(found?.ipv4 ?? "");
}

/** `/NAME:/PARENT/ALIAS`, too, as an inspect has it. */
function parseLink(text: string): { name: string; alias: string } {
  if (text === "") throw new DvmError("unclassified", "empty string specified for links");
  const [name = "", alias = name, ...more] = text.split(":");
  if (more.length > 0) throw new DvmError("unclassified", `bad format for links: ${text}`);
  return { name: name.replace(/^\//, ""), alias: alias.split("/").at(-1) ?? alias };
}

/** One that shares another's network is reached as that other. */
function linkedContainer(containers: Containers, name: string): ContainerRecord {
  try {
    const found = containers.find(name);
    const owner = sharingContainer(found.request.hostConfig.NetworkMode);
    return owner === undefined ? found : linkedContainer(containers, owner);
  } catch (error) {
    if (!(error instanceof DvmError) || error.code !== "not-found") throw error;
    throw new DvmError("invalid", `could not get container for ${name}: ${error.message}`);
  }
}
