import { DvmError } from "../../base/errors.ts";
import { Stopwatch } from "../../base/stopwatch.ts";
import { describeTiming } from "../output/describe-timing.ts";
import type { CliContext, Command } from "../command.ts";
import { createContainer } from "../create-container.ts";
import { asStartFailure } from "../exit-code.ts";
import type { ParsedArguments, ParsedFlags } from "../flags.ts";
import { containerFlags } from "../options/container-flags.ts";
import { attachedStreams } from "../options/create-body.ts";
import { containerSession } from "../session/container-session.ts";
import { detachKeysFlag } from "../session/detach-keys.ts";
import { terminalProblem } from "../session/terminal-size.ts";
import { withSetUp } from "../session/with-set-up.ts";

/** `dvm run`: create, attach, start, and end with the container's exit code. */
export const command: Command = {
  name: "run",
  usage: "[OPTIONS] IMAGE [COMMAND] [ARG...]",
  summary: "Create and run a new container from an image",
  flags: [
    ...containerFlags,
    {
      name: "detach",
      short: "d",
      kind: "boolean",
      summary: "Run container in background and print container ID",
    },
    detachKeysFlag,
    { name: "timing", kind: "boolean", summary: "Print what the start took, on standard error" },
    { name: "sig-proxy", kind: "boolean", summary: "Proxy signals to the process (default true)" },
  ],
  arguments: { min: 1 },
  stopAtFirstArgument: true,
  failureCode: 125,
  prefixErrors: true,
  async run(input, context) {
    const { flags, positionals } = input;
    if (flags.boolean("detach") && flags.has("attach"))
      throw new DvmError(
        "invalid",
        "conflicting options: cannot specify both --attach and --detach",
      );
    const wants = { stdin: attachedStreams(flags).stdin, tty: flags.boolean("tty") };
    const problem = terminalProblem(context.stdin, wants);
    if (problem !== undefined) {
      context.stderr.write(`${problem}\n`);
      return 1;
    }
    const made: { id?: string } = {};
    return withSetUp(context, {
      image: positionals[0] ?? "",
      action: () => createAndRun(input, context, made),
      undo: () => removeMade(context, made),
    });
  },
};

/** Puts the id of the container into `made` as soon as there is one. */
async function createAndRun(
  input: ParsedArguments,
  context: CliContext,
  made: { id?: string },
): Promise<number> {
  const { flags } = input;
  const watch = new Stopwatch(0);
  watch.lap("client");
  const id = await createContainer(input, context);
  made.id = id;
  watch.lap("create");
  const start = async (): Promise<void> => {
    try {
      watch.lap("attach");
      const report = await context.client.containers.start(id);
      watch.lap("start");
      if (flags.boolean("timing")) context.stderr.write(describeTiming(watch.phases, report));
    } catch (error) {
      if (flags.boolean("rm")) await removeMade(context, made);
      throw asStartFailure(error);
    }
  };
  if (!flags.boolean("detach")) return attachAndStart(context, flags, { id, start });
  await start();
  context.stdout.write(`${id}\n`);
  return 0;
}

function attachAndStart(
  context: CliContext,
  flags: ParsedFlags,
  { id, start }: { id: string; start: () => Promise<void> },
): Promise<number> {
  return containerSession(context, {
    id,
    tty: flags.boolean("tty"),
    attached: attachedStreams(flags),
    detachKeys: flags.text("detach-keys"),
    signalProxy: flags.boolean("sig-proxy", true),
    until: flags.boolean("rm") ? "removed" : "next-exit",
    start,
  });
}

async function removeMade({ client }: CliContext, made: { id?: string }): Promise<void> {
  const { id } = made;
  delete made.id;
  if (id === undefined) return;
  try {
    await client.containers.remove(id, { force: true, volumes: true });
  } catch (error) {
    if (!(error instanceof DvmError && error.code === "not-found")) throw error;
  }
}
