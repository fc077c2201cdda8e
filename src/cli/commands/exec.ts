import type { JsonObject } from "../../client/json.ts";
import { asNumber } from "../../client/json.ts";
import type { CliContext, Command } from "../command.ts";
import type { Flag, ParsedArguments } from "../flags.ts";
import { checkEnvironment, readEnvironment } from "../options/environment.ts";
import { attachStreams } from "../session/attach-streams.ts";
import { parseDetachKeys } from "../../base/detach-keys.ts";
import { detachKeysFlag } from "../session/detach-keys.ts";
import { followTerminalSize, terminalProblem } from "../session/terminal-size.ts";

const flags: readonly Flag[] = [
  { name: "detach", short: "d", kind: "boolean", summary: "Run command in the background" },
  detachKeysFlag,
  {
    name: "env",
    short: "e",
    kind: "list",
    summary: "Set environment variables",
    check: checkEnvironment,
  },
  { name: "env-file", kind: "list", summary: "Read in a file of environment variables" },
  {
    name: "interactive",
    short: "i",
    kind: "boolean",
    summary: "Keep STDIN open even if not attached",
  },
  { name: "privileged", kind: "boolean", summary: "Give extended privileges to the command" },
  { name: "tty", short: "t", kind: "boolean", summary: "Allocate a pseudo-TTY" },
  {
    name: "user",
    short: "u",
    kind: "text",
    summary: "Username or UID (format: <name|uid>[:<group|gid>])",
  },
  { name: "workdir", short: "w", kind: "text", summary: "Working directory inside the container" },
];

/** `dvm exec`: ends with the command's exit code. */
export const command: Command = {
  name: "exec",
  usage: "[OPTIONS] CONTAINER COMMAND [ARG...]",
  summary: "Execute a command in a running container",
  flags,
  arguments: { min: 2 },
  stopAtFirstArgument: true,
  async run(input, context) {
    const { client, stderr, stdin } = context;
    const tty = input.flags.boolean("tty");
    const wantsInput = input.flags.boolean("interactive") && !input.flags.boolean("detach");
    const problem = terminalProblem(stdin, { stdin: wantsInput, tty });
    if (problem !== undefined) {
      stderr.write(`${problem}\n`);
      return 1;
    }
    const [container = ""] = input.positionals;
    const id = await client.execs.create(container, await execBody(input, context));
    if (!input.flags.boolean("detach")) return runExec(context, input, id);
    await client.execs.startDetached(id, { Tty: tty });
  },
};

async function execBody(
  { flags, positionals }: ParsedArguments,
  { environment }: CliContext,
): Promise<JsonObject> {
  const attach = !flags.boolean("detach");
  return {
    Cmd: positionals.slice(1),
    Env: await readEnvironment(flags.list("env-file"), flags.list("env"), environment),
    User: flags.text("user") ?? "",
    WorkingDir: flags.text("workdir") ?? "",
    Privileged: flags.boolean("privileged"),
    Tty: flags.boolean("tty"),
    DetachKeys: flags.text("detach-keys") ?? "",
    AttachStdin: attach && flags.boolean("interactive"),
    AttachStdout: attach,
    AttachStderr: attach,
  };
}

async function runExec(
  context: CliContext,
  { flags }: ParsedArguments,
  id: string,
): Promise<number> {
  const { client, stdout } = context;
  const tty = flags.boolean("tty");
  const connection = await client.execs.start(id, { Detach: false, Tty: tty });
  using streams = attachStreams(connection, context, {
    tty,
    attached: { stdin: flags.boolean("interactive"), stdout: true, stderr: true },
    detachKeys: parseDetachKeys(flags.text("detach-keys")),
  });
  streams.startInput();
  using _size = tty
    ? followTerminalSize(stdout, ({ rows, columns }) => client.execs.resize(id, rows, columns))
    : undefined;
  if ((await streams.finished) === "detached") return 0;
  return asNumber((await client.execs.inspect(id))["ExitCode"]);
}
