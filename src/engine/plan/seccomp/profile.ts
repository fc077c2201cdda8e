import { z } from "zod";
import { DvmError } from "../../../base/errors.ts";
import { parseJson } from "../../../base/parse-json.ts";

/*
 * Docker's seccomp profiles: those of the OCI runtime specification with a list of architectures by
 * machine, and rules that hold for some kernels, architectures or capabilities only.
 */

const list = <T extends z.ZodType>(of: T) =>
  z
    .array(of)
    .nullish()
    .transform((value) => value ?? []);
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? "");
const errnoValue = z
  .int()
  .min(0)
  .nullish()
  .transform((value) => value ?? undefined);

const filterSchema = z.object({
  caps: list(z.string()),
  arches: list(z.string()),
  minKernel: z.string().nullish(),
});
export type RuleFilter = z.infer<typeof filterSchema>;

const argumentSchema = z.object({
  index: z.int().min(0),
  value: z.number().min(0).default(0),
  valueTwo: z.number().min(0).default(0),
  op: text,
});
export type ProfileArgument = z.infer<typeof argumentSchema>;

const callSchema = z.object({
  name: text,
  names: list(z.string()),
  action: text,
  errnoRet: errnoValue,
  args: list(argumentSchema),
  includes: filterSchema.nullish(),
  excludes: filterSchema.nullish(),
});
export type ProfileCall = z.infer<typeof callSchema>;

const profileSchema = z.object({
  defaultAction: text,
  defaultErrnoRet: errnoValue,
  architectures: list(z.string()),
  archMap: list(z.object({ architecture: text, subArchitectures: list(z.string()) })),
  flags: z.array(z.string()).nullish(),
  listenerPath: text,
  syscalls: list(callSchema),
});
export type Profile = z.infer<typeof profileSchema>;

/** Reads a profile; fails in Docker's words, as the start that needs it then does. */
export function parseProfile(json: string): Profile {
  const parsed = profileSchema.safeParse(parseText(json));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.filter((part) => typeof part === "string").join(".") ?? "";
  throw undecodable(
    where === ""
      ? "json: cannot unmarshal it into Go value of type seccomp.Seccomp"
      : `json: cannot unmarshal ${where} into Go struct field Seccomp.${where}`,
  );
}

function parseText(json: string): unknown {
  try {
    return parseJson(json);
  } catch (error) {
    const first = json.trim()[0];
    if (first !== undefined && !/[[{"tfn\d-]/.test(first))
      throw undecodable(`invalid character '${first}' looking for beginning of value`, error);
    const isCut = first === undefined || /end of JSON|after|Expected/.test(String(error));
    throw undecodable(isCut ? "unexpected end of JSON input" : String(error), error);
  }
}

function undecodable(why: string, cause?: unknown): DvmError {
  return new DvmError("unclassified", `Decoding seccomp profile failed: ${why}`, {
    ...(cause instanceof DvmError ? { cause } : {}),
  });
}
