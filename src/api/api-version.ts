import type { FastifyRequest } from "fastify";
import { DvmError } from "../base/errors.ts";

/** The versions of Docker's API that are spoken here. */
export const newestApiVersion = "1.51";
export const oldestApiVersion = "1.24";

/** A version of Docker's API, such as `1.44`. */
export type ApiVersion = string;

const prefix = /^\/v([0-9.]+)(?=\/)/;

/** `/v1.47/containers/json` and `/containers/json` lead to the same route. */
export function withoutVersion(url: string): string {
  return url.replace(prefix, "");
}

/** The version that a request asks for; the newest where it names none. */
export function versionOf(request: FastifyRequest): ApiVersion {
  return prefix.exec(request.originalUrl)?.[1] ?? newestApiVersion;
}

/** Whether a request asks for a version of before `version`. */
export function asksBefore(request: FastifyRequest, version: ApiVersion): boolean {
  return isOlder(versionOf(request), version);
}

export function isOlder(version: ApiVersion, than: ApiVersion): boolean {
  const [left, right] = [version, than].map((text) => text.split(".").map(Number));
  const parts = Math.max(left?.length ?? 0, right?.length ?? 0);
  for (let index = 0; index < parts; index += 1) {
    const difference = (left?.[index] ?? 0) - (right?.[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

export function requireKnownVersion(version: ApiVersion): void {
  if (isOlder(version, oldestApiVersion))
    throw new DvmError(
      "invalid",
      `client version ${version} is too old. Minimum supported API version is ${oldestApiVersion}, please upgrade your client to a newer version`,
    );
  if (isOlder(newestApiVersion, version))
    throw new DvmError(
      "invalid",
      `client version ${version} is too new. Maximum supported API version is ${newestApiVersion}`,
    );
}
