import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parseReference } from "../../../src/image/reference.ts";
import { parseTrustPolicy, readTrustPolicy, ruleFor } from "../../../src/image/trust/policy.ts";
import { policyName } from "../../../src/image/trust/policy-scope.ts";
import { signingKey } from "../../support/cosign.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const key = signingKey().publicPem;

async function scopeFor(scopes: string[], reference: string): Promise<string> {
  const rules = Object.fromEntries(scopes.map((scope) => [scope, { requireDigest: true }]));
  const policy = await parseTrustPolicy(JSON.stringify({ default: {}, rules }), "/policy.json");
  return ruleFor(policy, policyName(parseReference(reference))).scope;
}

test("the most specific rule holds, up to whole parts of a name", async () => {
  const scopes = ["a.example", "a.example/team", "a.example/team/app", "b.example:5000"];
  const cases: Record<string, string> = {
    "a.example/team/app:1": "a.example/team/app",
    "a.example/team/app/more": "a.example/team/app",
    "a.example/team/apple": "a.example/team",
    "a.example/teams/app": "a.example",
    "a.example:5000/team/app": "default",
    "A.Example/team/app": "a.example/team/app",
    "a.example:443/team/app": "a.example/team/app",
    "b.example:5000/x": "b.example:5000",
    "b.example/x": "default",
    nginx: "default",
  };
  for (const [reference, scope] of Object.entries(cases))
    assert.equal(await scopeFor(scopes, reference), scope, reference);
});

test("Docker Hub's images are found by each of its names", async () => {
  for (const scope of [
    "docker.io",
    "docker.io/library",
    "docker.io/library/nginx",
    "index.docker.io",
  ])
    assert.notEqual(await scopeFor([scope], "nginx:1"), "default", scope);
  assert.equal(await scopeFor(["docker.io/nginx"], "nginx"), "docker.io/nginx");
  assert.equal(await scopeFor(["docker.io/nginx"], "docker.io/nginx/ingress"), "docker.io/nginx");
  assert.equal(await scopeFor(["docker.io/bitnami"], "bitnami/redis"), "docker.io/bitnami");
  assert.equal(await scopeFor(["docker.io"], "registry-1.docker.io/library/nginx"), "docker.io");
  assert.equal(await scopeFor(["docker.io"], "localhost/nginx"), "default");
});

test("a policy that isn't right is refused, and the place in it named", async () => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey;
  const weak = rsa.export({ type: "spki", format: "pem" }).toString();
  const secret = generateKeyPairSync("ed25519").privateKey;
  const secretPem = secret.export({ type: "pkcs8", format: "pem" }).toString();
  const signed = (...keys: string[]) => ({ default: { requireSignature: { keys } } });
  const cases: [unknown, string | RegExp][] = [
    ["{", /it is not JSON/],
    [[], /the file: /],
    [{}, /default: /],
    [{ default: {}, more: 1 }, /the file: Unrecognized key: "more"/],
    [{ default: { requiredigest: true } }, /default: Unrecognized key: "requiredigest"/],
    [
      { default: {}, rules: { "a.example": { requireDigest: 1 } } },
      /rules\["a\.example"\]\.requireDigest: /,
    ],
    [{ default: { reject: true, requireDigest: true } }, /default: what is rejected/],
    [{ default: {}, rules: { nginx: {} } }, /rules\["nginx"\]: "nginx" can't be a scope: begin it/],
    [{ default: {}, rules: { "a.example/app:1": {} } }, /without tag or digest/],
    [{ default: {}, rules: { "a.example/App": {} } }, /must be a registry/],
    [
      { default: {}, rules: { "a.example": {}, "A.example": {} } },
      /rules\["A\.example"\]: it is there twice/,
    ],
    [signed(), /default\.requireSignature\.keys: /],
    [
      signed("/no/such.pub"),
      /default\.requireSignature\.keys\[0\]: \/no\/such\.pub can't be read: ENOENT/,
    ],
    [
      signed(key, key + key),
      /keys\[1\]: the key must hold one PUBLIC KEY in PEM, and holds PUBLIC KEY, PUBLIC KEY/,
    ],
    [signed(secretPem), /holds PRIVATE KEY/],
    [signed(weak), /isn't taken \(rsa, 1024 bits\)/],
    [signed(key.replace(/\n.{20}/, "\nAAAA")), /holds no key that can be read/],
  ];
  for (const [policy, fact] of cases) {
    const text = typeof policy === "string" ? policy : JSON.stringify(policy);
    await assert.rejects(parseTrustPolicy(text, "/etc/dvm/policy.json"), (error: Error) => {
      assert.match(error.message, /^policy \/etc\/dvm\/policy\.json can't be used: /, text);
      assert.match(error.message, new RegExp(fact), text);
      return "code" in error && error.code === "forbidden";
    });
  }
});

test("the user's file comes before the host's, and none is no policy unless it was named", async () => {
  await using folder = await temporaryFolder();
  const [user, host] = [join(folder.path, "user.json"), join(folder.path, "host.json")];
  const place = { paths: [user, host], mustExist: false };
  assert.equal(await readTrustPolicy(place), undefined);
  await writeFile(host, '{"default":{}}');
  assert.equal((await readTrustPolicy(place))?.path, host);
  await writeFile(user, '{"default":{"reject":true}}');
  assert.equal((await readTrustPolicy(place))?.path, user);
  const named = { paths: [join(folder.path, "named.json")], mustExist: true };
  await assert.rejects(
    readTrustPolicy(named),
    /named\.json can't be used: it can't be read: ENOENT/,
  );
});

test("a file that can't be read is an error, not a policy less", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "policy.json");
  await mkdir(path);
  await chmod(path, 0o700);
  await assert.rejects(readTrustPolicy({ paths: [path], mustExist: false }), {
    code: "forbidden",
    message: /it can't be read: EISDIR/,
  });
});

test("a key's path may begin at the policy's folder", async () => {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, "release.pub"), key);
  const text = JSON.stringify({ default: { requireSignature: { keys: ["release.pub"] } } });
  const policy = await parseTrustPolicy(text, join(folder.path, "policy.json"));
  const [read] = policy.default.requireSignature?.keys ?? [];
  assert.equal(read?.path, join(folder.path, "release.pub"));
  assert.match(read?.fingerprint ?? "", /^sha256:[0-9a-f]{64}$/);
});
