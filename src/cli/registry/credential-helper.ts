import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { DvmError } from "../../base/errors.ts";
import { asObject, asText } from "../../client/json.ts";

const deadlineMs = 120_000;
/** What helpers say when they have nothing; docker's client compares the same words. */
const nothingFound = /credentials not found/;

/** A program `docker-credential-‹name›`, by docker's protocol: a word, then JSON in and out. */
export interface CredentialHelper {
  get(server: string): Promise<{ username: string; secret: string } | undefined>;
  store(server: string, username: string, secret: string): Promise<void>;
  erase(server: string): Promise<void>;
}

export function credentialHelper(
  name: string,
  environment: Record<string, string | undefined>,
): CredentialHelper {
  const program = `docker-credential-${name}`;
  const ask = (verb: string, input: string) => run({ program, verb, input, environment });
  return {
    async get(server) {
      const { code, output } = await ask("get", server);
      if (code !== 0 && nothingFound.test(output)) return undefined;
      if (code !== 0) throw failed(program, "get", output);
      const answer = asObject(parse(output));
      return { username: asText(answer["Username"]), secret: asText(answer["Secret"]) };
    },
    async store(server, username, secret) {
      const input = JSON.stringify({ ServerURL: server, Username: username, Secret: secret });
      const { code, output } = await ask("store", input);
      if (code !== 0) throw failed(program, "store", output);
    },
    async erase(server) {
      const { code, output } = await ask("erase", server);
      if (code !== 0 && !nothingFound.test(output)) throw failed(program, "erase", output);
    },
  };
}

async function run(options: {
  program: string;
  verb: string;
  input: string;
  environment: Record<string, string | undefined>;
}): Promise<{ code: number | null; output: string }> {
  const { program, verb, input, environment } = options;
  const child = spawn(program, [verb], {
    env: environment,
    stdio: ["pipe", "pipe", "inherit"],
    signal: AbortSignal.timeout(deadlineMs),
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("close", resolve);
    child.once("error", (cause) =>
      reject(
        new DvmError("unavailable", `cannot run ${program}: ${cause.message}`, {
          cause: undefined,
          hint: "docker's config.json names it as credential helper",
        }),
      ),
    );
  });
  child.stdin.on("error", () => {}); // it may end without reading
  child.stdin.end(input);
  const [code, output] = await Promise.all([ended, text(child.stdout)]);
  return { code, output };
}

function parse(output: string): unknown {
  try {
    return JSON.parse(output);
  } catch {
    return undefined;
  }
}

function failed(program: string, verb: string, output: string): DvmError {
  return new DvmError("unavailable", `cannot ${verb} credentials by ${program}: ${output.trim()}`);
}
