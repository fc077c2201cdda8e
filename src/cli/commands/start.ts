import { DvmError } from "../../base/errors.ts";
import { asObject, requireText } from "../../client/json.ts";
import type { CliContext, Command } from "../command.ts";
import { eachName } from "../each-name.ts";
import type { ParsedFlags } from "../flags.ts";
import { containerSession } from "../session/container-session.ts";
import { detachKeysFlag } from "../session/detach-keys.ts";
import { terminalProblem } from "../session/terminal-size.ts";

export const command: Command = {
  name: "start",
  usage: "[OPTIONS] CONTAINER [CONTAINER...]",
  summary: "Start one or more stopped containers",
  flags: [
    {
      name: "attach",
      short: "a",
      kind: "boolean",
      summary: "Attach STDOUT/STDERR and forward signals",
    },
    detachKeysFlag,
    { name: "interactive", short: "i", kind: "boolean", summary: "Attach container's STDIN" },
    { name: "sig-proxy", kind: "boolean", summary: "Proxy signals to the process (default true)" },
  ],
  arguments: { min: 1 },
  async run({ flags, positionals }, context) {
    if (!flags.boolean("attach") && !flags.boolean("interactive"))
      return eachName(context, positionals, async (name) => {
        await context.client.containers.start(name);
      });
    const [name = ""] = positionals;
    if (positionals.length > 1)
      throw new DvmError("invalid", "you cannot start and attach multiple containers at once");
    return startAttached(context, flags, name);
  },
};

async function startAttached(
  context: CliContext,
  flags: ParsedFlags,
  name: string,
): Promise<number> {
  const { client } = context;
  const found = await client.containers.inspect(name);
  const config = asObject(found["Config"]);
  const id = requireText(found, "Id");
  const tty = config["Tty"] === true;
  const wantsInput = flags.boolean("interactive") && config["OpenStdin"] === true;
  const problem = terminalProblem(context.stdin, { stdin: wantsInput, tty });
  if (problem !== undefined) throw new DvmError("invalid", problem);
  const isRemoved = asObject(found["HostConfig"])["AutoRemove"] === true;
  const runs = asObject(found["State"])["Running"] === true;
  return containerSession(context, {
    id,
    tty,
    attached: { stdin: wantsInput, stdout: true, stderr: true },
    detachKeys: flags.text("detach-keys"),
    signalProxy: flags.boolean("sig-proxy", true),
    until: isRemoved ? "removed" : runs ? "not-running" : "next-exit",
    async start() {
      await client.containers.start(id);
    },
  });
}
