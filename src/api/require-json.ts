import type { FastifyRequest } from "fastify";
import { DvmError } from "../base/errors.ts";

const json = "application/json";

/** A hook of routes that read JSON: a body of another type is refused. Without a body none is needed. */
export async function requireJson({ headers }: FastifyRequest): Promise<void> {
  const type = headers["content-type"] ?? "";
  const isEmpty =
    headers["transfer-encoding"] === undefined && Number(headers["content-length"] ?? 0) === 0;
  if (type === "" && isEmpty) return;
  const [mediaType = ""] = type.split(";");
  if (!mediaType.trim().includes("/") || mediaType.trim() === "/")
    throw new DvmError("invalid", `malformed Content-Type header (${type}): mime: no media type`);
  if (mediaType.trim().toLowerCase() !== json)
    throw new DvmError("invalid", `unsupported Content-Type header (${type}): must be '${json}'`);
}
