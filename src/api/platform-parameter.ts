import { z } from "zod";
import { DvmError } from "../base/errors.ts";
import { goJsonError } from "../base/go-json.ts";
import { string } from "../base/json-fields.ts";
import type { Image } from "../engine/core.ts";

const schema = z.object({ os: string, architecture: string, variant: string });
export type AskedPlatform = z.infer<typeof schema>;

/** A `platform` parameter of API 1.46 and later: JSON of the OCI's form. */
export function parsePlatformJson(text: string): AskedPlatform {
  const fault = goJsonError(text, "unexpected end of JSON input");
  const parsed = fault === undefined ? schema.safeParse(JSON.parse(text)) : undefined;
  if (parsed?.data === undefined)
    throw new DvmError("invalid", `failed to parse platform: ${fault ?? "it is no platform"}`);
  const { os, architecture, variant } = parsed.data;
  if (os === "" && architecture === "" && variant !== "")
    throw new DvmError(
      "invalid",
      "optional platform fields provided, but OS and Architecture are missing",
    );
  if (os === "" || architecture === "")
    throw new DvmError("invalid", "both OS and Architecture must be provided");
  return parsed.data;
}

/** Whether an image is for a platform; without a variant all of them will do. */
export function isFor({ os, architecture, rawConfig }: Image, wanted: AskedPlatform): boolean {
  const variant = z.object({ variant: z.string() }).safeParse(rawConfig).data?.variant ?? "";
  return (
    os === wanted.os &&
    architecture === wanted.architecture &&
    (wanted.variant === "" || variant === wanted.variant)
  );
}

/** `name`: by which the image was asked for. */
export function requirePlatform(image: Image, name: string, wanted: AskedPlatform): void {
  if (isFor(image, wanted)) return;
  const asked = [wanted.os, wanted.architecture, wanted.variant].filter((part) => part !== "");
  throw new DvmError(
    "not-found",
    `image with reference ${name} was found but its platform (${image.os}/${image.architecture}) does not match the specified platform (${asked.join("/")})`,
  );
}
