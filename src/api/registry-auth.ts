import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { DvmError } from "../base/errors.ts";
import type { Credentials } from "../engine/images.ts";
import { parse } from "./query.ts";
import { string } from "../base/json-fields.ts";

/** Docker's AuthConfig, as `POST /auth` and the header `X-Registry-Auth` have it. */
const authConfigSchema = z.object({
  username: string,
  password: string,
  /** `username:password` in base64, of older clients. */
  auth: string,
  serveraddress: string,
  identitytoken: string,
  registrytoken: string,
});

/** The credentials that a client sends along, by `X-Registry-Auth`: JSON in base64url. */
export function registryCredentials(request: FastifyRequest): Credentials {
  const header = request.headers["x-registry-auth"];
  if (typeof header !== "string" || header === "") return {};
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(header, "base64url").toString("utf8"));
  } catch {
    throw new DvmError("invalid", "invalid X-Registry-Auth header: it is no JSON in base64url");
  }
  return parseAuthConfig(json).credentials;
}

export function parseAuthConfig(json: unknown): { address: string; credentials: Credentials } {
  const given = parse(authConfigSchema, json ?? {}, "auth configuration");
  const [username, password] =
    given.username === "" ? splitAuth(given.auth) : [given.username, given.password];
  return {
    address: given.serveraddress,
    credentials: {
      ...(username === "" ? {} : { username }),
      ...(password === "" ? {} : { password }),
      ...(given.identitytoken === "" ? {} : { identityToken: given.identitytoken }),
      ...(given.registrytoken === "" ? {} : { registryToken: given.registrytoken }),
    },
  };
}

function splitAuth(auth: string): [string, string] {
  const text = Buffer.from(auth, "base64").toString("utf8").replace(/\0+$/, "");
  const colon = text.indexOf(":");
  return colon < 0 ? ["", ""] : [text.slice(0, colon), text.slice(colon + 1)];
}
