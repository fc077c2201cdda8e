import { DvmError } from "../../base/errors.ts";
import { asObject, asObjects, asText } from "../../client/json.ts";
import type { Command } from "../command.ts";

export const command: Command = {
  name: "port",
  usage: "CONTAINER [PRIVATE_PORT[/PROTO]]",
  summary: "List port mappings or a specific mapping for the container",
  flags: [],
  arguments: { min: 1, max: 2 },
  async run({ positionals: [name = "", wanted] }, { client, stdout }) {
    const found = await client.containers.inspect(name);
    const ports = publishedPorts(asObject(asObject(found["NetworkSettings"])["Ports"]));
    if (wanted === undefined) {
      for (const { inside, outside } of ports) stdout.write(`${inside} -> ${outside}\n`);
      return;
    }
    const key = wanted.includes("/") ? wanted : `${wanted}/tcp`;
    const matching = ports.filter(({ inside }) => inside === key);
    if (matching.length === 0)
      throw new DvmError("not-found", `Error: No public port '${key}' published for ${name}`);
    for (const { outside } of matching) stdout.write(`${outside}\n`);
  },
};

interface PublishedPort {
  inside: string;
  outside: string;
}

function publishedPorts(ports: Record<string, unknown>): PublishedPort[] {
  return Object.entries(ports)
    .flatMap(([inside, bindings]) =>
      asObjects(bindings).map((binding) => ({ inside, outside: address(binding) })),
    )
    .sort((a, b) => Number.parseInt(a.inside, 10) - Number.parseInt(b.inside, 10));
}

function address(binding: Record<string, unknown>): string {
  const host = asText(binding["HostIp"]);
  return `${host.includes(":") ? `[${host}]` : host}:${asText(binding["HostPort"])}`;
}
