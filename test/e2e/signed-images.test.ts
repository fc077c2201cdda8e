import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { promisify } from "node:util";
import { attachArtifacts } from "../support/attach-artifacts.ts";
import { bundle, signingKey, simpleSigning } from "../support/cosign.ts";
import { DockerRegistry } from "../support/docker-registry.ts";
import { dockerArchive, makeTar } from "../support/tar.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { TestDaemon } from "../support/test-daemon.ts";

const run = promisify(execFile);
const signer = signingKey();
const stranger = signingKey();
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let registry: DockerRegistry;
let daemon: TestDaemon;

before(async () => {
  folder = await temporaryFolder();
  registry = await DockerRegistry.start();
  await writeFile(join(folder.path, "release.pub"), signer.publicPem);
  const settings = { DVM_POLICY: join(folder.path, "policy.json"), DVM_POOL: "0" };
  await usePolicy();
  daemon = await TestDaemon.start({ settings });
});
beforeEach(() => usePolicy());
after(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await registry?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
});

/** Signatures are asked for below `signed/`, digests below `pinned/`. */
async function usePolicy(keys: string[] = ["release.pub"]): Promise<void> {
  const rules = {
    [`${registry.host}/signed`]: { requireSignature: { keys } },
    [`${registry.host}/pinned`]: { requireDigest: true },
  };
  const policy = { default: {}, rules };
  await writeFile(join(folder.path, "policy.json"), JSON.stringify(policy));
}

/** Puts an image of its own into the registry; gives its repository and digest. */
async function publish(path: string, tag = "1"): Promise<{ repository: string; digest: string }> {
  const repository = `${registry.host}/${path}`;
  const archive = join(folder.path, "archive.tar");
  const layer = makeTar([{ path: "name", content: `${path}:${tag}` }]);
  await writeFile(archive, makeTar(dockerArchive([layer], { name: "any:1" })));
  const digestFile = join(folder.path, "digest");
  const words = ["copy", "-q", "--dest-tls-verify=false", "--digestfile", digestFile];
  await run("skopeo", [...words, `docker-archive:${archive}`, `docker://${repository}:${tag}`]);
  const { stdout } = await run("cat", [digestFile]);
  return { repository, digest: stdout.trim() };
}

function pull(name: string): Promise<string> {
  return daemon.succeeds(["pull", name]);
}

/** Why neither docker's CLI nor ours can pull; nothing of the image may be there. */
async function refusal(name: string): Promise<string> {
  const { code, stderr } = await daemon.dvm(["pull", name]);
  assert.equal(code, 1, `${name} was pulled`);
  const docker = await daemon.docker(["pull", name]);
  assert.equal(docker.code, 1, `docker pulled ${name}`);
  assert.equal(docker.stderr.split("\n")[0], stderr.split("\n")[0]);
  assert.equal((await daemon.dvm(["inspect", name])).code, 1, `${name} is there`);
  return stderr;
}

async function createRefusal(name: string): Promise<string> {
  const { code, stderr } = await daemon.dvm(["create", name, "sh"]);
  assert.equal(code, 1, `a container of ${name} was made`);
  return stderr;
}

test("a signed image is pulled, the key told of, and a container made", async () => {
  for (const [index, sign] of [simpleSigning, bundle].entries()) {
    const { repository, digest } = await publish(`signed/good${index}`);
    await attachArtifacts(repository, sign(signer, { digest, repository }));
    const said = [await pull(`${repository}:1`)];
    said.push((await daemon.docker(["pull", `${repository}:1`])).stdout);
    for (const lines of said)
      assert.match(lines, /^Trust: signed by sha256:[0-9a-f]{64} \(\/.*\/release\.pub\); policy /m);
    await daemon.succeeds(["create", `${repository}:1`, "sh"]);
    await daemon.succeeds(["create", `${repository}@${digest}`, "sh"]);
    const rule = "{{with index .Dvm.Trust.Rules 0}}{{.Met}} {{(index .SignedBy 0).Path}}{{end}}";
    const shown = await daemon.succeeds(["inspect", "-f", rule, `${repository}:1`]);
    assert.equal(shown.trim(), `true ${join(folder.path, "release.pub")}`);
  }
});

test("an unsigned image is not pulled, and none of its layers is", async () => {
  const { repository } = await publish("signed/unsigned");
  assert.match(
    await refusal(`${repository}:1`),
    /requires a signature by its key .* none was found/,
  );
  const { code, stderr } = await daemon.dvm(["run", "--rm", `${repository}:1`, "sh"]);
  assert.equal(code, 125);
  assert.match(stderr, /none was found/);
});

test("a signature by another key, of another image or for another repository is none", async () => {
  const first = await publish("signed/wrong-key");
  await attachArtifacts(first.repository, simpleSigning(stranger, first));
  assert.match(await refusal(`${first.repository}:1`), /it is by another key/);

  const second = await publish("signed/wrong-digest");
  const { manifests, blobs } = simpleSigning(signer, first);
  const [manifest = ""] = Object.values(manifests);
  const tag = `${second.digest.replace(":", "-")}.sig`;
  await attachArtifacts(second.repository, { manifests: { [tag]: manifest }, blobs });
  assert.match(await refusal(`${second.repository}:1`), /it is for another image/);

  const third = await publish("signed/wrong-repository");
  await attachArtifacts(
    third.repository,
    simpleSigning(signer, { digest: third.digest, repository: first.repository }),
  );
  assert.match(await refusal(`${third.repository}:1`), /it is for another repository/);
});

test("a tag that was moved to another image after signing is refused", async () => {
  const signed = await publish("signed/moved");
  await attachArtifacts(signed.repository, simpleSigning(signer, signed));
  await pull(`${signed.repository}:1`);
  const evil = await publish("elsewhere/evil");
  await run("skopeo", [
    ...["copy", "-q", "--src-tls-verify=false", "--dest-tls-verify=false"],
    ...[`docker://${evil.repository}:1`, `docker://${signed.repository}:1`],
  ]);
  const { code, stderr } = await daemon.docker(["pull", `${signed.repository}:1`]);
  assert.notEqual(code, 0);
  assert.match(stderr, /none was found/);
  const digests = "{{json .RepoDigests}}";
  const kept = await daemon.succeeds(["inspect", "-f", digests, `${signed.repository}:1`]);
  assert.equal(kept.trim(), JSON.stringify([`${signed.repository}@${signed.digest}`]));
});

test("where a digest is required, a tag is not pulled, and a digest is", async () => {
  const { repository, digest } = await publish("pinned/app");
  assert.match(await refusal(`${repository}:1`), /requires a digest for .*, and none is named/);
  await pull(`${repository}@${digest}`);
  await daemon.succeeds(["create", `${repository}@${digest}`, "sh"]);
  await daemon.succeeds(["tag", `${repository}@${digest}`, "alias:1"]);
  assert.match(await createRefusal("alias:1"), /requires a digest/);
});

test("a key that is taken out of the policy stops new containers, by whatever name", async () => {
  const image = await publish("signed/withdrawn");
  await attachArtifacts(image.repository, simpleSigning(signer, image));
  await pull(`${image.repository}:1`);
  await daemon.succeeds(["tag", `${image.repository}:1`, "renamed:1"]);
  const id = await daemon.succeeds(["inspect", "-f", "{{.Id}}", "renamed:1"]);
  await daemon.succeeds(["create", "renamed:1", "sh"]);
  await usePolicy([stranger.publicPem]);
  await daemon.succeeds(["rmi", `${image.repository}:1`]);
  for (const name of ["renamed:1", id.trim(), id.trim().slice(7, 19)])
    assert.match(await createRefusal(name), /the image was pulled with none that fits/);
  await usePolicy();
  await daemon.succeeds(["create", "renamed:1", "sh"]);
});

test("what was pulled before the policy asked is refused, and pulled again it is good", async () => {
  const image = await publish("signed/early");
  await attachArtifacts(image.repository, bundle(signer, image));
  await writeFile(join(folder.path, "policy.json"), '{"default":{}}');
  const said = await pull(`${image.repository}:1`);
  assert.match(said, /^Trust: policy .* requires nothing for /m);
  await usePolicy();
  const refused = await createRefusal(`${image.repository}:1`);
  assert.match(refused, /none that fits\n.*dvm pull/);
  await pull(`${image.repository}:1`);
  await daemon.succeeds(["create", `${image.repository}:1`, "sh"]);
});

test("an image that is loaded or tagged under a signed image's name is not taken for it", async () => {
  const image = await publish("signed/imitated");
  await attachArtifacts(image.repository, simpleSigning(signer, image));
  await pull(`${image.repository}:1`);
  const layer = makeTar([{ path: "evil", content: "evil" }]);
  for (const [tag, name] of [
    ["2", `${image.repository}:2`],
    ["1", "evil:1"],
  ] as const) {
    const input = makeTar(dockerArchive([layer], { name }));
    assert.equal((await daemon.dvm(["load"], { input })).code, 0);
    if (name === "evil:1") await daemon.succeeds(["tag", "evil:1", `${image.repository}:${tag}`]);
    assert.match(await createRefusal(`${image.repository}:${tag}`), /didn't come from there/);
  }
  await pull(`${image.repository}:1`);
  await daemon.succeeds(["create", `${image.repository}:1`, "sh"]);
});

test("a pull by digest from a registry that doesn't have it gives the image no new origin", async () => {
  const image = await publish("signed/laundered");
  await writeFile(join(folder.path, "policy.json"), '{"default":{}}');
  await pull(`${image.repository}@${image.digest}`);
  const washed = `${registry.host}/open/laundered@${image.digest}`;
  assert.notEqual((await daemon.docker(["pull", washed])).code, 0);
  await usePolicy();
  assert.match(await createRefusal(`${image.repository}@${image.digest}`), /none that fits/);
});

test("a policy that can't be used stops pulls", async () => {
  const { repository } = await publish("open/app");
  await writeFile(join(folder.path, "policy.json"), "{}");
  assert.match(
    await refusal(`${repository}:1`),
    /cannot pull .*: policy .* can't be used: default: /,
  );
});
