import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { fixture } from "../support/cache.ts";
import { DockerRegistry } from "../support/docker-registry.ts";
import { RegistryGate } from "../support/registry-gate.ts";
import { TestDaemon } from "../support/test-daemon.ts";
import { TokenServer } from "../support/token-server.ts";

const run = promisify(execFile);
const insecure = ["--src-tls-verify=false", "--dest-tls-verify=false"];
const small = `docker-archive:${fixture("small.docker-save.tar")}`;
let registry: DockerRegistry;
let daemon: TestDaemon;

before(async () => {
  registry = await DockerRegistry.start();
  daemon = await TestDaemon.start({ settings: { DVM_POOL: "0" } });
});
after(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await registry?.[Symbol.asyncDispose]();
});

async function skopeoCopy(from: string, to: string, ...more: string[]): Promise<void> {
  await run("skopeo", ["copy", "-q", ...insecure, ...more, from, to]);
}

/** The real docker CLI, which must succeed. */
async function docker(...words: string[]): Promise<string> {
  const result = await daemon.docker(words);
  assert.equal(result.code, 0, `docker ${words.join(" ")}: ${result.stderr}`);
  return result.stdout;
}

/** A program at a terminal of 120 columns; gives what it wrote there. */
async function atTerminal(own: TestDaemon, ...words: string[]): Promise<string> {
  const command = `stty cols 120 rows 40; exec ${words.join(" ")}`;
  const environment = { TERM: "xterm" };
  const { stdout } = await own.client("script", ["-qec", command, "/dev/null"], { environment });
  return stdout;
}

test("what skopeo pushed is pulled and runs, and what we push skopeo pulls", async () => {
  const name = `${registry.host}/e2e/small:1`;
  await skopeoCopy(small, `docker://${name}`);
  const pulled = await daemon.succeeds(["pull", name]);
  assert.match(pulled, /^1: Pulling from 127\.0\.0\.1:\d+\/e2e\/small\n/);
  assert.match(pulled, /^[0-9a-f]{12}: Pulling fs layer$/m);
  assert.match(pulled, /^[0-9a-f]{12}: Pull complete$/m);
  assert.match(pulled, /^Digest: sha256:[0-9a-f]{64}$/m);
  assert(pulled.endsWith(`Status: Downloaded newer image for ${name}\n${name}\n`));
  assert.match(await daemon.succeeds(["pull", name]), /Status: Image is up to date for/);
  assert.equal(await daemon.succeeds(["pull", "-q", name]), `${name}\n`);
  assert.equal(await daemon.succeeds(["run", "--rm", name]), "small image speaking\n");
  const target = `${registry.host}/e2e/pushed:2`;
  await daemon.succeeds(["tag", name, target]);
  const pushed = await daemon.succeeds(["push", target]);
  assert.match(pushed, /^The push refers to repository \[127\.0\.0\.1:\d+\/e2e\/pushed\]$/m);
  assert.match(pushed, /^2: digest: sha256:[0-9a-f]{64} size: \d+$/m);
  const digest = async (of: string) =>
    (await run("skopeo", ["inspect", "--tls-verify=false", "-f", "{{.Digest}}", `docker://${of}`]))
      .stdout;
  assert.equal(await digest(target), await digest(name));
  const format = ["--format", "{{index .RepoDigests 0}}"];
  assert.match(
    await daemon.succeeds(["image", "inspect", ...format, target]),
    new RegExp(`@${(await digest(name)).trim()}\n$`),
  );
});

test("an image made here is packed, pushed, and pulled and run by another DVM and by digest", async () => {
  await daemon.succeeds(["load", "-i", fixture("small.docker-save.tar")]);
  const name = `${registry.host}/e2e/packed:1`;
  await daemon.succeeds(["tag", "dvm-fixture:small", name]);
  const pushed = await daemon.succeeds(["image", "push", name]);
  assert.match(pushed, /^[0-9a-f]{12}: (Pushed|Layer already exists|Mounted from .*)$/m);
  const digest = /digest: (sha256:[0-9a-f]{64})/.exec(pushed)?.[1] ?? "";
  await using other = await TestDaemon.start({ settings: { DVM_POOL: "0" } });
  const byDigest = `${registry.host}/e2e/packed@${digest}`;
  await other.succeeds(["image", "pull", byDigest]);
  assert.equal(await other.succeeds(["run", "--rm", byDigest]), "small image speaking\n");
});

test("all tags are pushed and pulled", async () => {
  for (const tag of ["a", "b"])
    await daemon.succeeds(["tag", "dvm-fixture:small", `${registry.host}/e2e/tags:${tag}`]);
  await daemon.succeeds(["push", "-a", `${registry.host}/e2e/tags`]);
  await daemon.succeeds(["rmi", ...["a", "b"].map((tag) => `${registry.host}/e2e/tags:${tag}`)]);
  await daemon.succeeds(["pull", "-a", `${registry.host}/e2e/tags`]);
  const names = await daemon.succeeds(["images", "--format", "{{.Repository}}:{{.Tag}}"]);
  for (const tag of ["a", "b"]) assert(names.includes(`${registry.host}/e2e/tags:${tag}\n`));
});

test("run and create pull an image that isn't there, as told", async () => {
  const name = `${registry.host}/e2e/missing:1`;
  await skopeoCopy(small, `docker://${name}`);
  const never = await daemon.dvm(["run", "--rm", "--pull", "never", name]);
  assert.equal(never.code, 125);
  assert.match(never.stderr, /No such image/);
  const result = await daemon.dvm(["run", "--rm", name]);
  assert.equal(result.stdout, "small image speaking\n");
  assert.match(result.stderr, /^Unable to find image '.*missing:1' locally\n1: Pulling from /);
  assert.match(result.stderr, /Status: Downloaded newer image/);
  const again = await daemon.dvm(["run", "--rm", "--pull", "always", name]);
  assert.match(again.stderr, /Status: Image is up to date/);
  await daemon.succeeds(["rmi", "-f", name]);
  const quiet = await daemon.dvm(["create", "-q", "--platform", "linux/amd64", name]);
  assert.equal(quiet.code, 0, quiet.stderr);
  assert.match(quiet.stdout, /^[0-9a-f]{64}\n$/);
  assert.equal(quiet.stderr, "");
  const platform = await daemon.dvm(["create", "--pull=never", "--platform", "linux/arm64", name]);
  assert.match(platform.stderr, /its platform \(linux\/amd64\) does not match/);
  const nowhere = await daemon.dvm(["run", `${registry.host}/e2e/nowhere`]);
  assert.equal(nowhere.code, 125);
  assert.match(nowhere.stderr, /manifest for .*nowhere:latest not found: manifest unknown/);
});

test("the real docker CLI pulls, pushes, and runs what isn't there", async () => {
  const name = `${registry.host}/e2e/docker:1`;
  await skopeoCopy(small, `docker://${name}`);
  assert.match(await docker("pull", name), /Status: Downloaded newer image for/);
  assert.equal(await docker("run", "--rm", name), "small image speaking\n");
  await docker("tag", name, `${registry.host}/e2e/docker:2`);
  assert.match(await docker("push", `${registry.host}/e2e/docker:2`), /2: digest: sha256:/);
  assert.match(await docker("pull", "-a", `${registry.host}/e2e/docker`), /1: Pulling from/);
  await docker("rmi", "-f", name, `${registry.host}/e2e/docker:2`);
  assert.equal(await docker("run", "--rm", name), "small image speaking\n");
});

test("at a terminal docker's CLI and ours draw a bar for each layer", async () => {
  await skopeoCopy(small, `docker://${registry.host}/e2e/bars:1`);
  await using gate = await RegistryGate.start(registry.host);
  gate.blobPauseMs = 60;
  await using own = await TestDaemon.start({ settings: { DVM_POOL: "0" } });
  const name = `${gate.host}/e2e/bars:1`;
  const bar = /: Downloading +\[=*> *\] +[\d.]+kB\/1\.\d+MB/;
  assert.match(await atTerminal(own, "docker", "pull", name), bar);
  await own.succeeds(["rmi", name]);
  const shown = await atTerminal(own, join(import.meta.dirname, "../../dvm"), "pull", name);
  assert.match(shown, bar);
  assert.match(shown, /\u001b\[2A\u001b\[2K\r[0-9a-f]{12}: Pull complete/);
});

test("login checks and keeps credentials, logout forgets them", async () => {
  await using locked = await DockerRegistry.start({ htpasswd: true });
  const { username, password } = DockerRegistry.user;
  const name = `${locked.host}/own:1`;
  const credentials = `${username}:${password}`;
  await skopeoCopy(small, `docker://${name}`, "--dest-creds", credentials);
  const denied = await daemon.dvm(["pull", name]);
  assert.equal(denied.code, 1);
  assert.match(denied.stderr, /pull access denied .* may require 'dvm login'/);
  const login = ["login", "-u", username, "--password-stdin", locked.host];
  const wrong = await daemon.dvm(login, { input: "guess" });
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /login attempt to .* failed: unauthorized/);
  const ok = await daemon.dvm(login, { input: `${password}\n` });
  assert.equal(ok.stdout, "Login Succeeded\n");
  assert.match(ok.stderr, /stored unencrypted in/);
  const path = join(daemon.root, "docker/config.json");
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  await daemon.succeeds(["pull", name]);
  // docker's CLI reads what ours wrote
  await docker("push", name);
  assert.equal(
    await daemon.succeeds(["logout", locked.host]),
    `Removing login credentials for ${locked.host}\n`,
  );
  assert.equal((await daemon.dvm(["push", name])).code, 1);
  assert.equal(await daemon.succeeds(["logout", locked.host]), `Not logged in to ${locked.host}\n`);
  // and ours what docker's wrote
  await docker("login", "-u", username, "-p", password, locked.host);
  await daemon.succeeds(["push", name]);
});

test("credentials are kept by a helper, and an identity token instead of the password", async () => {
  await using tokens = await TokenServer.start();
  await using locked = await DockerRegistry.start({ token: tokens.setUp });
  const folder = join(daemon.root, "helper");
  await mkdir(folder);
  const helper = join(folder, "docker-credential-test");
  await writeFile(
    helper,
    `#!/bin/sh
cd ${folder}
case $1 in
store) cat > kept;;
get) [ -f kept ] && cat kept || { echo credentials not found in native keychain; exit 1; };;
erase) rm kept;;
esac
`,
  );
  await chmod(helper, 0o755);
  await writeFile(
    join(folder, "config.json"),
    JSON.stringify({ credHelpers: { [locked.host]: "test" } }),
  );
  const environment = { DOCKER_CONFIG: folder, PATH: `${folder}:${process.env["PATH"]}` };
  const { username, password } = TokenServer.user;
  await daemon.succeeds(["login", "-u", username, "--password-stdin", locked.host], {
    input: password,
    environment,
  });
  assert.deepEqual(JSON.parse(await readFile(join(folder, "kept"), "utf8")), {
    ServerURL: locked.host,
    Username: "<token>",
    Secret: "refresh-alice",
  });
  assert(!(await readFile(join(folder, "config.json"), "utf8")).includes("refresh"));
  await daemon.succeeds(["load", "-i", fixture("small.docker-save.tar")]);
  await daemon.succeeds(["tag", "dvm-fixture:small", `${locked.host}/own/x`]);
  await daemon.succeeds(["push", `${locked.host}/own/x`], { environment });
  assert.equal(tokens.requests.at(-1)?.grantType, "refresh_token");
  await daemon.succeeds(["pull", `${locked.host}/own/x`], { environment });
  await daemon.succeeds(["logout", locked.host], { environment });
  assert.equal((await daemon.dvm(["pull", `${locked.host}/own/x`], { environment })).code, 1);
});

test("a pull goes on where it was when its daemon was killed", async () => {
  const name = "e2e/killed:1";
  await skopeoCopy(small, `docker://${registry.host}/${name}`);
  await using gate = await RegistryGate.start(registry.host);
  await using own = await TestDaemon.start({ settings: { DVM_POOL: "0" } });
  gate.holdBlobsAfter = 500_000;
  const downloads = join(own.root, "data/images/downloads");
  const pulling = own.dvm(["pull", `${gate.host}/${name}`]);
  const sizes = async () =>
    Promise.all(
      (await readdir(downloads)).map(async (one) => (await stat(join(downloads, one))).size),
    );
  while (!(await sizes()).some((size) => size > 400_000)) await delay(20);
  await own.endProcess("SIGKILL");
  assert.notEqual((await pulling).code, 0);
  gate.holdBlobsAfter = Infinity;
  await own.startProcess();
  await own.succeeds(["pull", `${gate.host}/${name}`]);
  const ranges = gate.seen.flatMap(({ headers }) => headers.range ?? []);
  assert.match(ranges.join(), /^bytes=[45]\d{5}-$/);
  assert.deepEqual(await readdir(downloads), []);
  assert.equal(
    await own.succeeds(["run", "--rm", `${gate.host}/${name}`]),
    "small image speaking\n",
  );
});

test("plain HTTP and mirrors are as registries.json says, and it is read anew each time", async () => {
  await using own = await TestDaemon.start({
    settings: { DVM_POOL: "0", XDG_CONFIG_HOME: join(daemon.root, "config") },
  });
  const folder = join(daemon.root, "config/dvm");
  await mkdir(folder, { recursive: true });
  await skopeoCopy(small, `docker://${registry.host}/library/mirrored:1`);
  const file = join(folder, "registries.json");
  await writeFile(file, JSON.stringify({ registries: { "docker.io": { mirror: [] } } }));
  const wrong = await own.dvm(["pull", "mirrored:1"]);
  assert.match(wrong.stderr, /cannot read .*registries\.json: registries\.docker\.io: .*mirror/);
  const mirrors = [`http://${registry.host}`];
  await writeFile(file, JSON.stringify({ registries: { "docker.io": { mirrors } } }));
  assert.match(await own.succeeds(["pull", "mirrored:1"]), /docker\.io\/library\/mirrored:1\n$/);
  assert.equal(await own.succeeds(["run", "--rm", "mirrored:1"]), "small image speaking\n");
});

test("events tell of pulls and pushes; distribution tells what a registry has", async () => {
  const name = `${registry.host}/e2e/small:1`;
  await daemon.succeeds(["pull", "-q", name]);
  await daemon.succeeds(["push", "-q", name]);
  const since = Math.floor(Date.now() / 1000) - 60;
  const events = await docker("events", "--since", String(since), "--until", String(since + 61));
  assert.match(events, new RegExp(`image pull ${name} \\(name=${registry.host}/e2e/small\\)`));
  assert.match(events, new RegExp(`image push ${name} `));
  const socket = join(daemon.root, "run/dvm.sock");
  const url = `http://x/distribution/${name}/json`;
  const { stdout } = await run("curl", ["-s", "--unix-socket", socket, url]);
  const found = JSON.parse(stdout) as { Descriptor: { digest: string }; Platforms: object[] };
  assert.match(found.Descriptor.digest, /^sha256:/);
  assert.deepEqual(found.Platforms, [{ architecture: "amd64", os: "linux" }]);
  const search = await daemon.dvm(["search", `${registry.host}/x`]);
  assert.match(search.stderr, /it offers no search/);
});
