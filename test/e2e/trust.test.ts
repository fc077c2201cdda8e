import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { z } from "zod";
import { signingKey } from "../support/cosign.ts";
import { dockerArchive, makeTar } from "../support/tar.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { TestDaemon } from "../support/test-daemon.ts";

const signer = signingKey();
const strict = { requireSignature: { keys: [signer.publicPem] } };
const secure = "secure.example/team/app";
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let policyFile: string;
let daemon: TestDaemon;

before(async () => {
  folder = await temporaryFolder();
  policyFile = join(folder.path, "policy.json");
  daemon = await TestDaemon.start({ settings: { DVM_POLICY: policyFile, DVM_POOL: "0" } });
});
beforeEach(() => setPolicy({ default: {}, rules: { "secure.example": strict } }));
after(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
});

function setPolicy(policy: object): Promise<void> {
  return writeFile(policyFile, JSON.stringify(policy));
}

async function load(name: string): Promise<void> {
  const archive = makeTar(dockerArchive([makeTar([{ path: "x", content: name }])], { name }));
  const { code, stderr } = await daemon.dvm(["load"], { input: archive });
  assert.equal(code, 0, stderr);
}

/** Why `create` is refused; it must be. */
async function refusal(image: string): Promise<string> {
  const { code, stderr } = await daemon.dvm(["create", image, "sh"]);
  assert.equal(code, 1, `${image} was not refused: ${stderr}`);
  return stderr;
}

const trustSchema = z.tuple([
  z.object({
    Dvm: z.object({
      Trust: z.object({
        Policy: z.string(),
        Allowed: z.boolean(),
        Problem: z.string(),
        Rules: z.array(
          z.object({
            Repository: z.string(),
            Scope: z.string(),
            RequireDigest: z.boolean(),
            RequireSignature: z.array(z.object({ Fingerprint: z.string(), Path: z.string() })),
            Met: z.boolean(),
            SignedBy: z.array(z.object({ Fingerprint: z.string() })),
          }),
        ),
      }),
    }),
  }),
]);

async function trustOf(image: string) {
  const text = await daemon.succeeds(["inspect", "--type", "image", image]);
  return trustSchema.parse(JSON.parse(text))[0].Dvm.Trust;
}

test("no container is made of an archive that was loaded under a signed repository's name", async () => {
  await load(`${secure}:1`);
  const said = await refusal(`${secure}:1`);
  assert.match(
    said,
    new RegExp(
      `cannot create a container of ${secure}:1: policy ${policyFile} requires a signature by its key for ${secure}, and this image didn't come from there\n.*dvm pull ${secure}`,
    ),
  );
  const docker = await daemon.docker(["create", `${secure}:1`, "sh"]);
  assert.notEqual(docker.code, 0);
  assert.match(docker.stderr, /requires a signature by its key/);
});

test("no container is made of an image that was tagged with a signed repository's name", async () => {
  await load("plain:1");
  await daemon.succeeds(["tag", "plain:1", `${secure}:2`]);
  assert.match(await refusal(`${secure}:2`), /this image didn't come from there/);
  assert.match(await refusal("SECURE.example/team/app:2"), /No such image|Unable to find/);
  await daemon.succeeds(["create", "plain:1", "sh"]);
});

test("the policy is read anew for each container, and what is there goes on", async () => {
  await load("plain:2");
  const id = (await daemon.succeeds(["create", "plain:2", "sh"])).trim();
  await setPolicy({ default: { reject: true } });
  assert.match(await refusal("plain:2"), /policy .* rejects plain\n/);
  await setPolicy({ default: {}, local: { reject: true } });
  assert.match(await refusal("plain:2"), /rejects images that came from no registry/);
  assert.match(await daemon.succeeds(["inspect", "-f", "{{.State.Status}}", id]), /created/);
});

test("a policy that can't be used stops every container, and inspect says why", async () => {
  await load("plain:3");
  await writeFile(policyFile, '{"default": {"requireDigest": "yes"}}');
  const fact = `policy ${policyFile} can't be used: default.requireDigest: `;
  assert.ok((await refusal("plain:3")).includes(`cannot create a container of plain:3: ${fact}`));
  const trust = await trustOf("plain:3");
  assert.equal(trust.Allowed, false);
  assert.ok(trust.Problem.startsWith(fact), trust.Problem);
  assert.ok((await daemon.succeeds(["info"])).includes(`Trust policy: ${fact}`));
  await rm(policyFile);
  assert.match(await refusal("plain:3"), /it can't be read: ENOENT/);
});

test("inspect shows what the policy asks, and whether it is met", async () => {
  assert.ok((await daemon.succeeds(["info"])).includes(`Trust policy: ${policyFile}\n`));
  await load(`${secure}:3`);
  const trust = await trustOf(`${secure}:3`);
  assert.equal(trust.Policy, policyFile);
  assert.equal(trust.Allowed, false);
  const [named, local] = trust.Rules;
  assert.equal(named?.Scope, "secure.example");
  assert.equal(named.Met, false);
  assert.match(named.RequireSignature[0]?.Fingerprint ?? "", /^sha256:[0-9a-f]{64}$/);
  assert.deepEqual([local?.Repository, local?.Scope, local?.Met], ["", "default", true]);
  await load("plain:4");
  assert.equal((await trustOf("plain:4")).Allowed, true);
});
