import { answerError } from "./answer-error.ts";
import type { Credentials } from "./credentials.ts";
import { connect } from "./registry-connection.ts";
import type { Transport } from "./transport.ts";
import { discard } from "./http-request.ts";

/** Checks credentials with the registry. Gives an identity token where the registry hands one out. */
export async function logIn(
  transport: Transport,
  target: { registry: string; credentials: Credentials; signal?: AbortSignal | undefined },
): Promise<{ identityToken: string | undefined }> {
  const { registry, signal } = target;
  const connection = await connect(transport, target);
  const identityToken = await connection.identityToken(signal);
  const answer = await connection.request({ method: "GET", path: "", signal });
  if (answer.status !== 200) throw await answerError(answer, `login attempt to ${registry} failed`);
  discard(answer);
  return { identityToken };
}
