import { DvmError, describeError, systemErrorCode } from "../base/errors.ts";
import type { CliContext, Command, CommandEntry } from "./command.ts";
import { exitCodeOf } from "./exit-code.ts";
import { parseFlags, type ParsedArguments } from "./flags.ts";
import { commandAliases, commandEntries } from "./command-table.ts";
import { commandHelp, globalFlags, groupHelp, usageLine } from "./help.ts";

const usageFailure = 125;

/** What stands before the command: `dvm --host unix:///x run …`. */
export interface GlobalOptions {
  host: string | undefined;
  dataRoot: string | undefined;
  runRoot: string | undefined;
}

export interface Program {
  /** Arguments after `dvm`. */
  argv: readonly string[];
  version: string;
  /** Commands that only the composition root can give, by name. */
  more: Record<string, CommandEntry>;
  stdout: NodeJS.WritableStream;
  stderr: NodeJS.WritableStream;
  /** Made once it is known that a command runs. */
  context(options: GlobalOptions): CliContext;
}

/** Runs the CLI; returns its exit code. */
export async function runProgram(program: Program): Promise<number> {
  const commands = new Map(Object.entries({ ...commandEntries, ...program.more }));
  let globals: ParsedArguments;
  try {
    globals = parseFlags(program.argv, globalFlags, { stopAtFirstArgument: true });
  } catch (error) {
    program.stderr.write(
      `${describeError(error)}\n\nUsage:  dvm [OPTIONS] COMMAND\n\nRun 'dvm --help' for more information\n`,
    );
    return usageFailure;
  }
  const words = globals.positionals;
  if (globals.flags.boolean("version")) {
    program.stdout.write(`DVM version ${program.version}\n`);
    return 0;
  }
  if (words.length === 0 || words[0] === "help" || globals.flags.boolean("help"))
    return help(program, commands, words[0] === "help" ? words.slice(1) : words);
  const found = findCommand(words, commands);
  if (found === undefined) return unknownCommand(program, commands, words);
  const { command } = await found.entry.load();
  const context = (): CliContext =>
    program.context({
      host: globals.flags.text("host"),
      dataRoot: globals.flags.text("data-root"),
      runRoot: globals.flags.text("run-root"),
    });
  return runCommand(command, found.argv, { ...program, context });
}

interface Runner {
  stdout: NodeJS.WritableStream;
  stderr: NodeJS.WritableStream;
  context(): CliContext;
}

async function runCommand(command: Command, argv: string[], runner: Runner): Promise<number> {
  const flags = [
    ...command.flags,
    ...(command.hiddenFlags ?? []),
    { name: "help", kind: "boolean", summary: "Print usage" } as const,
  ];
  const seeHelp = `Run 'dvm ${command.name} --help' for more information\n`;
  let input: ParsedArguments;
  try {
    input = parseFlags(argv, flags, { stopAtFirstArgument: command.stopAtFirstArgument });
  } catch (error) {
    if (!(error instanceof DvmError)) throw error;
    runner.stderr.write(`${error.message}\n\n${usageLine(command)}\n\n${seeHelp}`);
    return usageFailure;
  }
  if (input.flags.boolean("help")) {
    runner.stdout.write(commandHelp(command));
    return 0;
  }
  const wrongCount = wrongArgumentCount(command, input.positionals.length);
  if (wrongCount !== undefined) {
    runner.stderr.write(`dvm: ${wrongCount}\n\n${usageLine(command)}\n\n${seeHelp}`);
    return 1;
  }
  try {
    return (await command.run(input, runner.context())) ?? 0;
  } catch (error) {
    return showFailure(command, error, runner.stderr);
  }
}

function showFailure(command: Command, error: unknown, stderr: NodeJS.WritableStream): number {
  if (systemErrorCode(error) === "EPIPE") return 0; // whoever read our output has seen enough
  const expected = error instanceof DvmError;
  const text = expected ? error.message : describeError(error);
  const prefix = command.prefixErrors === true ? "dvm: " : "";
  stderr.write(`${prefix}${text}\n`);
  if (expected && error.hint !== undefined) stderr.write(`hint: ${error.hint}\n`);
  if (command.prefixErrors === true)
    stderr.write(`\nRun 'dvm ${command.name} --help' for more information\n`);
  return exitCodeOf(error) ?? command.failureCode ?? 1;
}

function findCommand(
  words: string[],
  commands: Map<string, CommandEntry>,
): { entry: CommandEntry; argv: string[] } | undefined {
  for (const count of [2, 1]) {
    if (words.length < count) continue;
    const typed = words.slice(0, count).join(" ");
    const [name = "", ...implied] = (commandAliases[typed] ?? typed).split(" --");
    const entry = commands.get(name);
    const flags = implied.map((flag) => `--${flag}`);
    if (entry !== undefined) return { entry, argv: [...flags, ...words.slice(count)] };
  }
  return undefined;
}

function unknownCommand(
  program: Program,
  commands: Map<string, CommandEntry>,
  words: string[],
): number {
  const [group = "", ...rest] = words;
  const grouped = groupedCommands(commands);
  const isGroup = [...grouped.keys()].some((name) => name.startsWith(`${group} `));
  if (isGroup && (rest.length === 0 || rest[0] === "--help")) {
    program.stdout.write(groupHelp(group, grouped));
    return 0;
  }
  const typed = isGroup ? `${group} ${rest[0]}` : group;
  const usage = isGroup ? `dvm ${group} COMMAND` : "dvm [OPTIONS] COMMAND";
  const where = isGroup ? `dvm ${group} --help` : "dvm --help";
  program.stderr.write(
    `dvm: unknown command: dvm ${typed}\n\nUsage:  ${usage}\n\nRun '${where}' for more information\n`,
  );
  return 1;
}

/** The commands under docker's other spellings too: `container run`. */
function groupedCommands(commands: Map<string, CommandEntry>): Map<string, CommandEntry> {
  const grouped = new Map(commands);
  for (const [alias, target] of Object.entries(commandAliases)) {
    const entry = commands.get(target.split(" --")[0] ?? "");
    if (entry !== undefined) grouped.set(alias, entry);
  }
  return grouped;
}

async function help(
  program: Program,
  commands: Map<string, CommandEntry>,
  words: string[],
): Promise<number> {
  const found = findCommand(words, commands);
  if (found !== undefined) {
    program.stdout.write(commandHelp((await found.entry.load()).command));
    return 0;
  }
  if (words.length > 0) return unknownCommand(program, commands, words);
  program.stdout.write(groupHelp(undefined, commands));
  return 0;
}

function wrongArgumentCount(command: Command, count: number): string | undefined {
  const { min, max } = command.arguments;
  if (count >= min && count <= (max ?? Infinity)) return undefined;
  const name = `'dvm ${command.name}'`;
  const plural = (n: number): string => `${n} argument${n === 1 ? "" : "s"}`;
  if (max === 0) return `${name} accepts no arguments`;
  if (min === max) return `${name} requires ${plural(min)}`;
  if (max === undefined || count < min) return `${name} requires at least ${plural(min)}`;
  return `${name} requires at most ${plural(max)}`;
}
