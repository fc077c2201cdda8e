import { writeFiles } from "../../agent/guest-files.ts";
import { DvmError } from "../../base/errors.ts";
import { runOf } from "./run-of.ts";
import type { ContainerRecord } from "../records.ts";

const largest = 2 ** 31 - 1;
const deadlineMs = 60_000;

/** Whether a running container knows a user and a group, as its own files have them: `name:group`. */
export async function checkUser(record: ContainerRecord, user: string): Promise<void> {
  const numbers = /^(\d+)(?::(\d+))?$/.exec(user)?.slice(1).map(Number);
  if (numbers?.some((number) => number > largest) === true)
    throw new DvmError("invalid", `uids and gids must be in range 0-${largest}`);
  if (user === "" || numbers !== undefined) return;
  const owner = { agent: runOf(record).machine.agent, container: record.id };
  // who would own files is looked up before the first of them, and here there is none
  const target = { path: "/", keepKind: true, rootReadOnly: false, user };
  try {
    await writeFiles(owner, target, noFiles(), AbortSignal.timeout(deadlineMs));
  } catch (error) {
    // the user is known; only the root can't be written to
    if (!(error instanceof DvmError) || error.code !== "forbidden") throw error;
  }
}

async function* noFiles(): AsyncGenerator<never> {}
