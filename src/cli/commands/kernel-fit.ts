import { DvmError } from "../../base/errors.ts";
import { asObject, asObjects, asStrings, asText, type JsonObject } from "../../client/json.ts";
import type { Command } from "../command.ts";
import type { ParsedFlags } from "../flags.ts";
import { readEnvironment } from "../options/environment.ts";
import { acceleratorFlag } from "../options/container-flags.ts";
import { machineChoice } from "../options/create-body.ts";
import { formatTable } from "../output/table.ts";

export const command: Command = {
  name: "kernel fit",
  usage: "[OPTIONS] IMAGE [COMMAND] [ARG...]",
  summary: "Tell the smallest kernel that serves an image, and why, by its files and a trial",
  flags: [
    acceleratorFlag,
    { name: "entrypoint", kind: "text", summary: "Overwrite the default ENTRYPOINT of the image" },
    { name: "env", short: "e", kind: "list", summary: "Set environment variables" },
    { name: "fresh", kind: "boolean", summary: "Forget what is remembered of the image first" },
    { name: "json", kind: "boolean", summary: "Print all that was found, as JSON" },
    { name: "no-trial", kind: "boolean", summary: "Look at the image only, and start nothing" },
    {
      name: "privileged",
      kind: "boolean",
      summary: "Give extended privileges to the command, in its machine",
    },
    { name: "quiet", short: "q", kind: "boolean", summary: "Only print the recipe's name" },
    {
      name: "time",
      kind: "integer",
      value: "seconds",
      summary: "How long the command may run (default 10)",
    },
  ],
  arguments: { min: 1 },
  stopAtFirstArgument: true,
  async run({ flags, positionals }, { client, stdout, environment }) {
    const body = await fitBody(flags, positionals, environment);
    const fit = await client.system.fitKernel(body);
    const recipe = asText(fit["Recipe"]);
    if (flags.boolean("json")) stdout.write(`${JSON.stringify(fit, undefined, 2)}\n`);
    else if (flags.boolean("quiet")) stdout.write(recipe === "" ? "" : `${recipe}\n`);
    else stdout.write(describe(fit));
    return recipe === "" ? 1 : 0;
  },
};

async function fitBody(
  flags: ParsedFlags,
  [image = "", ...words]: readonly string[],
  environment: Record<string, string | undefined>,
): Promise<JsonObject> {
  const entrypoint = flags.text("entrypoint");
  const seconds = flags.integer("time");
  if (seconds !== undefined && (seconds < 1 || seconds > 600))
    throw new DvmError("invalid", `invalid time: ${seconds}: it is 1 to 600 seconds`);
  return {
    Image: image,
    ...(words.length === 0 ? {} : { Cmd: words }),
    ...(entrypoint === undefined ? {} : { Entrypoint: [entrypoint] }),
    Env: await readEnvironment([], flags.list("env"), environment),
    ...machineChoice(flags),
    ...(seconds === undefined ? {} : { TimeLimit: seconds }),
    Privileged: flags.boolean("privileged"),
    Trial: !flags.boolean("no-trial"),
    Fresh: flags.boolean("fresh"),
  };
}

const sources: Record<string, string> = {
  label: "label",
  image: "image",
  trial: "used in the trial",
};

function describe(fit: JsonObject): string {
  const needs = asObjects(fit["Needs"]).map((need) => [
    asText(need["Feature"]),
    asText(need["Reason"]),
    sources[asText(need["Source"])] ?? asText(need["Source"]),
  ]);
  const refused = asObjects(fit["Refused"]).map((refusal) => [
    asText(refusal["What"]),
    asText(refusal["Error"]),
  ]);
  return [
    needs.length === 0
      ? "It needs nothing beyond what every kernel has.\n"
      : formatTable([["FEATURE", "NEEDED FOR", "FOUND BY"], ...needs]),
    refused.length === 0 ? "" : `\n${formatTable([["ASKED FOR, NOT GIVEN", "ERROR"], ...refused])}`,
    `\n${describeProgram(fit)}${describeTrial(fit)}${describeKernel(fit)}`,
  ].join("");
}

function describeProgram(fit: JsonObject): string {
  const program = asObject(fit["Program"]);
  const paths = asStrings(program["Paths"]);
  if (paths.length === 0) return "";
  const loader = asText(program["Loader"]);
  const libc = /ld-musl/.test(loader) ? ", musl" : /ld-linux/.test(loader) ? ", glibc" : "";
  const kind = program["Static"] === true ? "static" : loader === "" ? "no ELF file" : "dynamic";
  return `Program: ${paths.join(" by ")} (${kind}${libc})\n`;
}

function describeTrial(fit: JsonObject): string {
  if (fit["Remembered"] === true) return "Trial: earlier; the answer is remembered\n";
  const { Trial: trial } = fit;
  if (trial === null) return "Trial: none; what the program uses was not looked at\n";
  const { ExitCode: code, CutShort: isCut } = asObject(trial);
  const end = typeof code === "number" ? `exit code ${code}` : "still ran, and was ended";
  return `Trial: ${end}${isCut === true ? "; it used more than could be noted" : ""}\n`;
}

function describeKernel(fit: JsonObject): string {
  const recipe = asText(fit["Recipe"]);
  const kernel = asText(asObject(fit["Kernel"])["Name"]);
  if (recipe === "") return "Smallest recipe: none has all of it\n";
  if (kernel === recipe) return `Smallest recipe: ${recipe}\n`;
  const instead = kernel === "" ? "" : `; until then ${kernel} serves`;
  return `Smallest recipe: ${recipe}, not built (dvm kernel build ${recipe})${instead}\n`;
}
