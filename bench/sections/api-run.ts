import { DvmError } from "../../src/base/errors.ts";
import { timed } from "../measure/timed.ts";
import type { ContainerEngine } from "../peers/container-engine.ts";
import { idle, small } from "../peers/fixture.ts";

/** What `run --rm … true` asks of the daemon, without a client program: create, wait, start, the exit code. */
export async function apiRun(engine: ContainerEngine): Promise<void> {
  const { client, hostConfig } = engine;
  const body = {
    Image: small.image,
    Entrypoint: ["/bin/true"],
    HostConfig: { ...hostConfig, AutoRemove: true },
  };
  const { id } = await client.containers.create(body, undefined);
  const wait = await client.containers.wait(id, "removed");
  engine.checkStart(await client.containers.start(id));
  const { code } = await wait.exit;
  if (code !== 0) throw new DvmError("internal", `cannot run true: exit code ${code}`);
}

/** Milliseconds of one start call of a container that was made before: from the call to a process that runs. */
export async function apiStart(engine: ContainerEngine): Promise<number> {
  const id = await createIdle(engine);
  try {
    return await timed(async () => engine.checkStart(await engine.client.containers.start(id)));
  } finally {
    await engine.client.containers.remove(id, { force: true });
  }
}

/** A container that idles once it is started; its id. */
export async function createIdle({ client, hostConfig }: ContainerEngine): Promise<string> {
  const [program, ...words] = idle;
  const body = { Image: small.image, Entrypoint: [program], Cmd: words, HostConfig: hostConfig };
  return (await client.containers.create(body, undefined)).id;
}
