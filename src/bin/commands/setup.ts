import { createInterface } from "node:readline/promises";
import type { Readable } from "node:stream";
import { DvmError } from "../../base/errors.ts";
import type { CliContext, Command } from "../../cli/command.ts";
import { splitImageName } from "../../cli/options/image-name.ts";
import { asText } from "../../client/json.ts";
import { setUp } from "../../setup/set-up.ts";

const purposes = ["run", "tests", "kernel"] as const;
type Purpose = (typeof purposes)[number];

interface SetUpChoice {
  what: Purpose;
  /** Says yes to every question; without it, only somebody at a terminal is asked. */
  assumeYes?: boolean;
}

/** `dvm setup [run|tests|kernel]`. */
export const command: Command = {
  name: "setup",
  usage: "[OPTIONS] [run|tests|kernel]",
  summary: "Bring what this machine lacks: to run containers, to run the tests, to build a kernel",
  flags: [{ name: "yes", short: "y", kind: "boolean", summary: "Do it without asking" }],
  arguments: { min: 0, max: 1 },
  async run({ flags, positionals: [what = "run"] }, context) {
    const purpose = purposes.find((one) => one === what);
    if (purpose === undefined)
      throw new DvmError(
        "invalid",
        `cannot set up "${what}": it is none of ${purposes.join(", ")}`,
      );
    await setUpMachine(context, { what: purpose, assumeYes: flags.boolean("yes") });
  },
};

/** Brings what is missing, telling on standard error what and why. */
export async function setUpMachine(context: CliContext, choice: SetUpChoice): Promise<void> {
  const { client, stdin, stderr, places } = context;
  const interactive = [stdin, stderr].every((stream) => stream.isTTY) && choice.assumeYes !== true;
  await setUp({
    dataRoot: places.dataRoot,
    what: choice.what,
    assumeYes: !interactive,
    interactive,
    print: (line) => void stderr.write(`${line}\n`),
    ...(interactive ? { ask: (question: string) => ask(context, question) } : {}),
    importImage: (name, tar, changes) => importImage(context, name, { tar, changes }),
    hasImage: async (name) => {
      const found = await client.images.list({ filters: { reference: [name] } });
      return found.length > 0;
    },
  });
}

async function ask({ stdin, stderr }: CliContext, question: string): Promise<boolean> {
  const terminal = createInterface({ input: stdin, output: stderr });
  try {
    const answer = await terminal.question(`${question.replace(/\s*(\[y\/n\])?\s*$/i, "")} [Y/n] `);
    return ["", "y", "yes"].includes(answer.trim().toLowerCase());
  } finally {
    terminal.close();
  }
}

async function importImage(
  { client }: CliContext,
  name: string,
  { tar, changes }: { tar: Readable; changes: string[] },
): Promise<void> {
  const { repository, tag } = splitImageName(name);
  for await (const line of client.images.import(tar, { repository, tag, message: "", changes })) {
    const failure = asText(line["error"]);
    if (failure !== "") throw new DvmError("internal", `cannot import image ${name}: ${failure}`);
  }
}
