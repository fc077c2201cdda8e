import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { z } from "zod";
import { checkPull, rulePull } from "../../../src/image/trust/check-pull.ts";
import { parseTrustPolicy } from "../../../src/image/trust/policy.ts";
import { parseReference } from "../../../src/image/reference.ts";
import { memoryArtifacts, type Artifacts } from "../../support/memory-artifacts.ts";

const folder = join(import.meta.dirname, "../../fixtures/cosign");
const fixtureSchema = z.object({
  key: z.string(),
  repository: z.string(),
  digest: z.string(),
  manifests: z.record(z.string(), z.string()),
  blobs: z.record(z.string(), z.string()),
});
type Fixture = z.infer<typeof fixtureSchema>;

const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
const fixtures = new Map(
  names.map((name) => [
    name.replace(/\.json$/, ""),
    fixtureSchema.parse(JSON.parse(readFileSync(join(folder, name), "utf8"))),
  ]),
);

async function pull(
  fixture: Fixture,
  changed: Partial<Artifacts & { key: string; repository: string; digest: string }> = {},
) {
  const { key, repository, digest, ...artifacts } = { ...fixture, ...changed };
  const rule = { requireSignature: { keys: [key] } };
  const policy = await parseTrustPolicy(JSON.stringify({ default: rule }), "/policy.json");
  const asked = rulePull(policy, parseReference(`${repository}:1`));
  return checkPull(asked, [{ digest }], memoryArtifacts(artifacts));
}

const isPrehashed = (name: string) => /3\.\d+\.\d+-\w+-ed25519/.test(name);

for (const [name, fixture] of [...fixtures].filter(([one]) => !isPrehashed(one)))
  describe(`what ${name} signed`, () => {
    test("is taken by its key", async () => {
      const { line, signatures } = await pull(fixture);
      assert.match(line, /^Trust: signed by sha256:[0-9a-f]{64}; policy/);
      assert.equal(signatures.length, 1);
    });

    test("is refused by another key", async () => {
      const other = [...fixtures.values()].find(({ key }) => key !== fixture.key);
      await assert.rejects(pull(fixture, { key: other?.key ?? "" }), {
        code: "forbidden",
        message: /the one that was found doesn't fit: it is by another key$/,
      });
    });

    test("is not a signature of another image under its tag", async () => {
      const digest = `sha256:${"0".repeat(64)}`;
      const manifests = Object.fromEntries(
        Object.entries(fixture.manifests).map(([tag, text]) => [
          tag.replace(fixture.digest.slice(7), "0".repeat(64)),
          text,
        ]),
      );
      await assert.rejects(pull(fixture, { digest, manifests }), /it is for another image/);
    });

    test("is refused with one bit turned", async () => {
      const turned = (text: string) =>
        text.replace(
          /(cosign\/signature":"|"sig":")(.)/,
          (_all, before: string, digit: string) => before + (digit === "M" ? "N" : "M"),
        );
      const blobs = Object.fromEntries(
        Object.entries(fixture.blobs).map(([digest, text]) => [digest, turned(text)]),
      );
      const manifests = Object.fromEntries(
        Object.entries(fixture.manifests).map(([tag, text]) => [tag, turned(text)]),
      );
      await assert.rejects(pull(fixture, { manifests, blobs }), /doesn't fit: /);
    });
  });

test("cosign 3's signatures by Ed25519, which it prehashes and can't verify itself, aren't taken", async () => {
  const [prehashed] = [...fixtures].filter(([name]) => isPrehashed(name)).map(([, one]) => one);
  assert(prehashed !== undefined);
  await assert.rejects(pull(prehashed), /it is by another key/);
});

test("cosign's version 3 and its two formats are among the fixtures", () => {
  const all = [...fixtures.keys()].join(" ");
  for (const part of ["3.1.3-bundle-p256", "3.1.3-simple-signing-p384", "rsa", "ed25519"])
    assert(all.includes(part), part);
});
