import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { DvmError, systemErrorCode } from "../base/errors.ts";
import type { CliContext } from "./command.ts";
import type { ParsedArguments } from "./flags.ts";
import { createBody } from "./options/create-body.ts";
import { terminalSize } from "./session/terminal-size.ts";

/** Makes the container that `run` or `create` was asked for; returns its id. */
export async function createContainer(
  { flags, positionals }: ParsedArguments,
  context: CliContext,
): Promise<string> {
  checkPull(flags.text("pull"));
  const { client, cwd, environment, stdout, stderr } = context;
  const body = await createBody(flags, positionals, {
    environment,
    cwd,
    terminal: terminalSize(stdout),
  });
  const { id, warnings } = await client.createContainer(body, flags.text("name"));
  for (const warning of warnings) stderr.write(`WARNING: ${warning}\n`);
  const idFile = flags.text("cidfile");
  if (idFile !== undefined) await writeIdFile(context, resolve(cwd, idFile), id);
  return id;
}

function checkPull(policy = "missing"): void {
  if (policy === "missing" || policy === "never") return;
  const fact =
    policy === "always" ? "DVM does not speak to registries yet" : "it is no pull policy";
  throw new DvmError("invalid", `cannot use --pull ${policy}: ${fact}`, {
    hint: "it is missing or never",
  });
}

async function writeIdFile({ client }: CliContext, path: string, id: string): Promise<void> {
  try {
    await writeFile(path, id, { flag: "wx" });
  } catch (error) {
    await client.removeContainer(id, { force: true, volumes: true });
    if (systemErrorCode(error) !== "EEXIST") throw error;
    throw new DvmError(
      "conflict",
      `container ID file found, make sure the other container isn't running or delete ${path}`,
      { cause: error },
    );
  }
}
