import { text } from "node:stream/consumers";
import type { FastifyInstance } from "fastify";
import { DvmError } from "../../base/errors.ts";
import { goJsonError } from "../../base/go-json.ts";
import type { Engine } from "../../engine/core.ts";
import { logInTo } from "../../engine/images.ts";
import { parseAuthConfig } from "../registry-auth.ts";

/** `POST /auth`. Reads its body whatever its type says, and Docker takes faults in it for its own. */
export function authRoute(app: FastifyInstance, engine: Engine): void {
  app.post("/auth", async (request) => {
    const body = await text(request.raw);
    const fault = body.trim() === "" ? "EOF" : goJsonError(body, "unexpected EOF");
    if (fault !== undefined) throw new DvmError("unclassified", fault);
    const config = ofItsOwn(() => parseAuthConfig(JSON.parse(body)));
    const identityToken = await logInTo(engine, config);
    return { Status: "Login Succeeded", IdentityToken: identityToken ?? "" };
  });
}

function ofItsOwn<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DvmError)) throw error;
    throw new DvmError("unclassified", error.message.replace(/^invalid JSON: /, ""));
  }
}
