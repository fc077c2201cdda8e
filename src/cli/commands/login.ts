import { text } from "node:stream/consumers";
import { DvmError } from "../../base/errors.ts";
import type { CliContext, Command } from "../command.ts";
import type { ParsedFlags } from "../flags.ts";
import { ask, askPassword } from "../registry/ask-password.ts";
import {
  readCredentials,
  serverAddress,
  storeCredentials,
  type AuthConfig,
} from "../registry/credential-store.ts";

export const command: Command = {
  name: "login",
  usage: "[OPTIONS] [SERVER]",
  summary: "Authenticate to a registry; Docker Hub when no server is given",
  flags: [
    { name: "password", short: "p", kind: "text", summary: "Password or Personal Access Token" },
    {
      name: "password-stdin",
      kind: "boolean",
      summary: "Take the Password or Personal Access Token from stdin",
    },
    { name: "username", short: "u", kind: "text", summary: "Username" },
  ],
  arguments: { min: 0, max: 1 },
  async run({ flags, positionals: [server = ""] }, context) {
    const { client, environment, stdout, stderr } = context;
    const config = await chooseCredentials(serverAddress(server), flags, context);
    const { status, identityToken } = await client.system.logIn({ ...config });
    const { username = "", serveraddress } = config;
    const stored = await storeCredentials(
      identityToken === "" ? config : { username, identitytoken: identityToken, serveraddress },
      environment,
    );
    if (stored !== undefined)
      stderr.write(
        `\nWARNING! Your credentials are stored unencrypted in '${stored}'.\nConfigure a credential helper (credsStore) to remove this warning.\n\n`,
      );
    stdout.write(`${status}\n`);
  },
};

async function chooseCredentials(
  serveraddress: string,
  flags: ParsedFlags,
  context: CliContext,
): Promise<AuthConfig> {
  const fromStdin = flags.boolean("password-stdin");
  const given = flags.text("password");
  const user = flags.text("username");
  if (given !== undefined && fromStdin)
    throw new DvmError("invalid", "--password and --password-stdin are mutually exclusive");
  if (fromStdin && (user ?? "") === "")
    throw new DvmError("invalid", "Must provide --username with --password-stdin");
  if (given !== undefined)
    context.stderr.write(
      "WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n",
    );
  const password = fromStdin ? (await text(context.stdin)).replace(/\r?\n$/, "") : given;
  if (user !== undefined && password !== undefined)
    return { username: user, password, serveraddress };
  if (user === undefined && password === undefined) {
    const known = await readCredentials(serveraddress, context.environment);
    if (known !== undefined) {
      context.stdout.write("Authenticating with existing credentials...\n");
      return { ...known, serveraddress };
    }
  }
  return { ...(await askFor(context, { username: user, password })), serveraddress };
}

async function askFor(
  context: CliContext,
  given: { username: string | undefined; password: string | undefined },
): Promise<{ username: string; password: string }> {
  if (!context.stdin.isTTY)
    throw new DvmError("invalid", "Cannot perform an interactive login from a non TTY device", {
      hint: "give --username, and the password by --password-stdin",
    });
  const username = given.username ?? (await ask(context, "Username: ")).trim();
  if (username === "") throw new DvmError("invalid", "username is required");
  const password = given.password ?? (await askPassword(context, "Password: "));
  if (password === "") throw new DvmError("invalid", "password is required");
  return { username, password };
}
