import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { test } from "node:test";
import { digestOf } from "../../../src/image/digest.ts";
import { connect } from "../../../src/image/registry/registry-connection.ts";
import { repositoryOf } from "../../../src/image/registry/repository.ts";
import { Transport } from "../../../src/image/registry/transport.ts";
import { registryArtifacts } from "../../../src/image/trust/registry-artifacts.ts";
import { RegistryGate } from "../../support/registry-gate.ts";

const digest = digestOf("an image");
const indexType = "application/vnd.oci.image.index.v1+json";
const index = JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: [] });

/** What is found with a registry that answers the question for referrers so, one answer after the other. */
async function referrers(...answers: ((response: ServerResponse) => void)[]) {
  await using gate = await RegistryGate.start();
  gate.rule = ({ path }, response) => {
    if (path === "/v2/") response.writeHead(200).end();
    else if (path === `/v2/team/app/referrers/${digest}`) answers.shift()?.(response);
    else return false;
    return true;
  };
  const folders = { settings: [], certificates: [] };
  using transport = new Transport({ folders, environment: {}, retryDelayMs: 1, idleMs: 5000 });
  const connection = await connect(transport, { registry: gate.host, credentials: {} });
  const names = { repository: "team/app", familiarName: `${gate.host}/team/app` };
  const found = await registryArtifacts(repositoryOf(connection, names)).referrers(digest);
  return found === undefined ? undefined : Buffer.from(found).toString();
}

const say = (status: number, type: string, body: string) => (response: ServerResponse) =>
  response.writeHead(status, { "Content-Type": type }).end(body);

test("a registry with the referrers API is asked by it", async () => {
  assert.equal(await referrers(say(200, `${indexType}; charset=utf-8`, index)), index);
});

test("a registry that doesn't know the API has said nothing, whatever it answers", async () => {
  for (const answer of [
    say(404, "text/plain", "404 page not found"),
    say(400, "application/json", '{"errors":[]}'),
    say(200, "text/html", "<html>"),
  ])
    assert.equal(await referrers(answer), undefined);
});

test("a registry that stumbles is asked again, and one that lies on the ground is an error", async () => {
  const busy = say(503, "text/plain", "busy");
  assert.equal(await referrers(busy, say(429, "", ""), say(200, indexType, index)), index);
  await assert.rejects(referrers(...Array.from({ length: 20 }, () => busy)), {
    code: "unavailable",
    message: /cannot look for signatures in 127\.0\.0\.1:\d+\/team\/app: HTTP status 503/,
  });
});

test("an index without end is not read to its end", async () => {
  const long = say(200, indexType, " ".repeat(4 * 2 ** 20 + 1));
  await assert.rejects(referrers(long), /it has more than 4194304 bytes/);
});
