import type { ProcessSpec } from "../../../src/agent/agent-types.ts";
import type { FakeBoard } from "../../../src/machine/drivers/fake/fake-guest.ts";

/** What a program has of the guest that it runs in. */
export interface ProgramWorld {
  /** Its words, without its name. */
  readonly words: readonly string[];
  readonly spec: ProcessSpec;
  /** The size of its terminal, as it is now. */
  readonly terminal: { rows: number; columns: number };
  readonly input: AsyncIterable<Buffer>;
  /** The machine that it can take down. */
  readonly board: FakeBoard;
  /** Both write a line, and return when there's room for more. */
  readonly print: (line: string) => Promise<void>;
  readonly complain: (line: string) => Promise<void>;
  /** Bytes as they are. */
  readonly write: (bytes: string | Buffer) => Promise<void>;
  /** Its output stays open when it has ended, as a child of its own would keep it. */
  readonly leaveOutputOpen: () => void;
  readonly wait: (milliseconds: number) => Promise<void>;
  /** Catches a signal; one that isn't caught ends the program. */
  readonly onSignal: (number: number, action: () => void) => void;
}

/** Gives its exit code. */
export type Program = (world: ProgramWorld) => Promise<number>;

const terminate = 15;
const windowChanged = 28;
const forever = 2 ** 31 - 1;

/** What every scripted guest has in its PATH. */
export const standardPrograms: Readonly<Record<string, Program>> = {
  true: async () => 0,
  exit: async ({ words }) => Number(words[0] ?? 0),
  echo: async ({ words, print }) => {
    await print(words.join(" "));
    return 0;
  },
  /** A line to each stream. */
  both: async ({ words, print, complain }) => {
    await print(words[0] ?? "");
    await complain(words[1] ?? "");
    return 0;
  },
  env: async ({ spec, print }) => {
    for (const entry of spec.env) await print(entry);
    return 0;
  },
  cat: async ({ input, write }) => {
    for await (const chunk of input) await write(chunk);
    return 0;
  },
  sleep: async ({ words, wait }) => {
    await wait(Math.min(Number(words[0] ?? 0) * 1000, forever));
    return 0;
  },
  /** Ends by itself with `words[0]` when it is asked to. */
  polite: async ({ words, print, onSignal }) => {
    const asked = new Promise<void>((resolve) => {
      onSignal(terminate, resolve);
    });
    await print("ready");
    await asked;
    await print("bye");
    return Number(words[0] ?? 0);
  },
  /** Prints each signal of `words` that it gets, and goes on. */
  deaf: async ({ words, print, wait, onSignal }) => {
    for (const word of words) onSignal(Number(word), () => void print(`signal ${word}`));
    await print("ready");
    await wait(forever);
    return 0;
  },
  terminal: async ({ terminal, print, wait, onSignal }) => {
    const tell = () => print(`${terminal.rows} rows, ${terminal.columns} columns`);
    onSignal(windowChanged, () => void tell());
    await tell();
    await wait(forever);
    return 0;
  },
  /** Prints `words[0]` lines, some thousand at a time. */
  count: async ({ words, write }) => {
    const last = Number(words[0]);
    for (let line = 1; line <= last;) {
      let text = "";
      for (; line <= last && text.length < 50_000; line += 1) text += `line ${line}\n`;
      await write(text);
    }
    return 0;
  },
  orphan: async ({ words, print, leaveOutputOpen }) => {
    leaveOutputOpen();
    await print("there is a child");
    return Number(words[0]);
  },
  /** Takes its machine down. */
  crash: async ({ board, wait }) => {
    board.say("Kernel panic - not syncing: as it was told\n");
    board.leave({ code: 1 });
    await wait(forever);
    return 0;
  },
};

/** Files that are there, and can't be run. */
export const notExecutable: readonly string[] = ["/etc/motd"];
