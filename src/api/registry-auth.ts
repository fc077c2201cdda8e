import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Credentials } from "../engine/images.ts";
import { parseBody } from "./body.ts";
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
  try {
    return parseAuthConfig(JSON.parse(Buffer.from(header, "base64url").toString("utf8")))
      .credentials;
  } catch {
    return {}; // what is no credentials counts as none, as with Docker
  }
}

export function parseAuthConfig(json: unknown): { address: string; credentials: Credentials } {
  const given = parseBody(authConfigSchema, json, "registry.AuthConfig");
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
