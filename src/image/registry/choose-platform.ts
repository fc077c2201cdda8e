import { DvmError } from "../../base/errors.ts";
import { printableText } from "./answer-error.ts";
import type { DescribedPlatform, Descriptor } from "./manifest.ts";

/** Machines run this one. */
export const ownPlatform: DescribedPlatform = { os: "linux", architecture: "amd64" };

/** Other names of architectures, and the variants that some imply. */
const otherNames: Record<string, Pick<DescribedPlatform, "architecture" | "variant">> = {
  x86_64: { architecture: "amd64" },
  aarch64: { architecture: "arm64" },
  armhf: { architecture: "arm", variant: "v7" },
  armel: { architecture: "arm", variant: "v6" },
  i386: { architecture: "386" },
};
/** A processor of a later version runs programs of the earlier ones. */
const armVersions = ["v8", "v7", "v6", "v5"];

/** `linux/arm64/v8`, `linux/arm64`, `arm64`. */
export function parsePlatform(text: string): DescribedPlatform {
  const parts = text.toLowerCase().split("/");
  const valid = parts.length <= 3 && parts.every((part) => /^[a-z0-9][a-z0-9_-]*$/.test(part));
  if (!valid)
    throw new DvmError(
      "invalid",
      `"${text}" is an invalid OS platform: it must be os[/architecture[/variant]]`,
    );
  if (text.toLowerCase() === "linux") return ownPlatform;
  const [os = "", architecture = "", variant] = parts.length === 1 ? ["linux", ...parts] : parts;
  return {
    os,
    architecture,
    ...otherNames[architecture],
    ...(variant === undefined ? {} : { variant }),
  };
}

/**
 * The entry of an index that `wanted` should run; as Docker has it, when there is none the first of
 * which no platform is told.
 */
export function choosePlatform(
  manifests: readonly Descriptor[],
  wanted: DescribedPlatform,
  what: string,
): Descriptor {
  const found =
    findPlatform(manifests, wanted) ?? manifests.find(({ platform }) => platform === undefined);
  if (found !== undefined) return found;
  const there = manifests.flatMap(({ platform: one }) =>
    one === undefined || one.os === "unknown" ? [] : [platformText(one)],
  );
  throw new DvmError(
    "not-found",
    `no matching manifest for ${platformText(wanted)} in the manifest list entries of ${what}`,
    { hint: `it is there for: ${printableText(there.slice(0, 20).join(", ")) || "no platform"}` },
  );
}

/** The best entry of those that are said to be for `wanted`. */
export function findPlatform<T extends Pick<Descriptor, "platform">>(
  manifests: readonly T[],
  wanted: DescribedPlatform,
): T | undefined {
  for (const variant of variantsFor(wanted)) {
    const found = manifests.find(
      ({ platform: one }) =>
        one?.os === wanted.os &&
        one.architecture === wanted.architecture &&
        normalVariant(one) === variant,
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

/** In docker's words, when an image is for another platform than the one asked for. */
export function checkPlatform(
  name: string,
  found: Pick<DescribedPlatform, "os" | "architecture">,
  wanted: DescribedPlatform,
): void {
  if (found.os === wanted.os && found.architecture === wanted.architecture) return;
  throw new DvmError(
    "not-found",
    `image with reference ${name} was found but its platform (${printableText(platformText(found))}) does not match the specified platform (${platformText(wanted)})`,
  );
}

export function platformText({ os, architecture, variant }: DescribedPlatform): string {
  return [os, architecture, ...(variant === undefined || variant === "" ? [] : [variant])].join(
    "/",
  );
}

/** The best first. */
function variantsFor(wanted: DescribedPlatform): (string | undefined)[] {
  const own = normalVariant(wanted);
  if (wanted.architecture !== "arm") return [own];
  return armVersions.slice(Math.max(armVersions.indexOf(own ?? ""), 0));
}

/** What is meant where no variant is said. */
function normalVariant({ architecture, variant }: DescribedPlatform): string | undefined {
  if (variant !== undefined && variant !== "") {
    return architecture === "amd64" && variant === "v1" ? undefined : variant;
  }
  return { arm64: "v8", arm: "v7" }[architecture];
}
