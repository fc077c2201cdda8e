import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { DvmError, systemErrorCode } from "../base/errors.ts";
import type { CliContext } from "./command.ts";
import { asStrings } from "../client/json.ts";
import type { ParsedArguments, ParsedFlags } from "./flags.ts";
import { createBody } from "./options/create-body.ts";
import { withDefaultTag } from "./options/image-name.ts";
import { dockerConfigPath, readDockerConfig } from "./registry/docker-config.ts";
import { withProxies } from "./registry/proxy-environment.ts";
import { isSupplied } from "./session/with-set-up.ts";
import { terminalSize } from "./session/terminal-size.ts";

/** Makes the container that `run` or `create` was asked for; returns its id. */
export async function createContainer(
  { flags, positionals }: ParsedArguments,
  context: CliContext,
): Promise<string> {
  const policy = pullPolicy(flags);
  const { client, cwd, environment, stdout, stderr } = context;
  const body = await createBody(flags, positionals, {
    environment,
    cwd,
    terminal: terminalSize(stdout),
  });
  const config = await readDockerConfig(dockerConfigPath(environment));
  body["Env"] = withProxies(asStrings(body["Env"]), config);
  const create = () =>
    client.containers.create(body, { name: flags.text("name"), platform: flags.text("platform") });
  const { id, warnings } = await withPull(context, { flags, positionals, policy, create });
  for (const warning of warnings) stderr.write(`WARNING: ${warning}\n`);
  const idFile = flags.text("cidfile");
  if (idFile !== undefined) await writeIdFile(context, resolve(cwd, idFile), id);
  return id;
}

const pullPolicies = ["always", "missing", "never"] as const;
type PullPolicy = (typeof pullPolicies)[number];

function pullPolicy(flags: ParsedFlags): PullPolicy {
  const given = flags.text("pull") ?? "missing";
  const policy = pullPolicies.find((one) => one === given);
  if (policy !== undefined) return policy;
  throw new DvmError(
    "invalid",
    `invalid pull option: '${given}': must be one of "always", "missing" or "never"`,
  );
}

interface Creation<T> extends ParsedArguments {
  policy: PullPolicy;
  create: () => Promise<T>;
}

/** Pulls first, or when the image isn't there. What the set-up brings is not pulled. */
async function withPull<T>(
  context: CliContext,
  { flags, positionals: [name = ""], policy, create }: Creation<T>,
): Promise<T> {
  const { stderr } = context;
  const output = flags.boolean("quiet") ? undefined : stderr;
  const platform = flags.text("platform");
  const bring = async () => {
    // seldom needed, and with all that it imports some milliseconds of a start
    const { pull } = await import("./registry/pull.ts");
    await pull(context, { name, platform, output });
  };
  if (policy === "always") await bring();
  try {
    return await create();
  } catch (error) {
    if (policy !== "missing" || !isMissingImage(error) || isSupplied(name)) throw error;
    output?.write(`Unable to find image '${withDefaultTag(name)}' locally\n`);
    await bring();
    return create();
  }
}

function isMissingImage(error: unknown): boolean {
  if (!(error instanceof DvmError) || error.code !== "not-found") return false;
  return /No such image|was found but its platform/.test(error.message);
}

async function writeIdFile({ client }: CliContext, path: string, id: string): Promise<void> {
  try {
    await writeFile(path, id, { flag: "wx" });
  } catch (error) {
    await client.containers.remove(id, { force: true, volumes: true });
    if (systemErrorCode(error) !== "EEXIST") throw error;
    throw new DvmError(
      "conflict",
      `container ID file found, make sure the other container isn't running or delete ${path}`,
      { cause: error },
    );
  }
}
