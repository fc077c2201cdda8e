import { DvmError } from "../../base/errors.ts";
import { asObject, requireText } from "../../client/json.ts";
import type { Command } from "../command.ts";
import { containerSession } from "../session/container-session.ts";
import { detachKeysFlag } from "../session/detach-keys.ts";
import { terminalProblem, terminalSize } from "../session/terminal-size.ts";

export const command: Command = {
  name: "attach",
  usage: "[OPTIONS] CONTAINER",
  summary: "Attach local standard input, output, and error streams to a running container",
  flags: [
    detachKeysFlag,
    { name: "no-stdin", kind: "boolean", summary: "Do not attach STDIN" },
    { name: "sig-proxy", kind: "boolean", summary: "Proxy signals to the process (default true)" },
  ],
  arguments: { min: 1, max: 1 },
  async run({ flags, positionals: [name = ""] }, context) {
    const { client, stdin, stdout } = context;
    const found = await client.containers.inspect(name);
    checkRunning(asObject(found["State"]));
    const config = asObject(found["Config"]);
    const id = requireText(found, "Id");
    const tty = config["Tty"] === true;
    const wantsInput = !flags.boolean("no-stdin") && config["OpenStdin"] === true;
    const problem = terminalProblem(stdin, { stdin: wantsInput, tty });
    if (problem !== undefined) throw new DvmError("invalid", problem);
    const size = terminalSize(stdout);
    // a program redraws its screen when the size changes, and only then
    if (tty && size !== undefined)
      await client.containers.resize(id, size.rows + 1, size.columns + 1);
    return containerSession(context, {
      id,
      tty,
      attached: { stdin: wantsInput, stdout: true, stderr: true },
      detachKeys: flags.text("detach-keys"),
      signalProxy: flags.boolean("sig-proxy", true),
      until: "not-running",
    });
  },
};

function checkRunning(state: Record<string, unknown>): void {
  if (state["Paused"] === true)
    throw new DvmError("conflict", "cannot attach to a paused container, unpause it first");
  if (state["Running"] !== true)
    throw new DvmError("conflict", "cannot attach to a stopped container, start it first");
}
