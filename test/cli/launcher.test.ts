import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmod, copyFile, mkdir, symlink, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { temporaryFolder } from "../support/temporary-folder.ts";

const launcher = join(import.meta.dirname, "../../dvm");
const systemTools = ["sh", "readlink", "date"];

interface Checkout extends AsyncDisposable {
  path: string;
  /** Runs the launcher with nothing in PATH but what the test put into `tools`. */
  run(...argv: string[]): { code: number | null; stdout: string; stderr: string };
}

/** A made-up checkout: the real launcher, and programs that say who they are. */
async function checkout(programs: Record<string, string>): Promise<Checkout> {
  const folder = await temporaryFolder();
  const { path } = folder;
  await mkdir(join(path, "tools"), { recursive: true });
  await copyFile(launcher, join(path, "dvm"));
  await writeFile(join(path, "package-lock.json"), "{}");
  for (const tool of systemTools) {
    const found = ["/usr/bin", "/bin"].map((place) => join(place, tool));
    await symlink(found[0] ?? "", join(path, "tools", tool));
  }
  for (const [name, script] of Object.entries(programs)) await program(join(path, name), script);
  return {
    path,
    run(...argv) {
      const { status, stdout, stderr } = spawnSync(join(path, "dvm"), argv, {
        env: { PATH: join(path, "tools") },
        encoding: "utf8",
      });
      return { code: status, stdout, stderr };
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

async function program(path: string, script: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
}

const node = (name: string, version: string): string =>
  `if [ "$1" = --version ]; then echo ${version}; else echo ${name} "$@"; fi`;
const installed = { "node_modules/.package-lock.json": "" };
const ownNode = { ...installed, "node_modules/node/bin/node": node("own", "v24.1.0") };

test("the checkout's own Node is taken, whatever PATH has", async () => {
  await using tree = await checkout({ ...ownNode, "tools/node": node("other", "v26.0.0") });
  const { code, stdout, stderr } = tree.run("ps", "-a", "two words");
  assert.equal(stdout, `own -- ${tree.path}/src/bin/dvm.ts ps -a two words\n`);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
});

test("without it the Node of PATH is taken when it is 24 or later", async () => {
  await using tree = await checkout({ ...installed, "tools/node": node("path", "v24.0.0") });
  assert.match(tree.run("ps").stdout, /^path /);
});

test("an older Node is refused with its version", async () => {
  await using tree = await checkout({ ...installed, "tools/node": node("path", "v20.20.2") });
  const { code, stderr } = tree.run("ps");
  assert.equal(code, 1);
  assert.match(stderr, /is Node\.js v20\.20\.2, and DVM needs 24 or later/);
});

test("packages that are missing are installed, and said so", async () => {
  const npm = `mkdir -p node_modules/node/bin; echo "npm $*"
    { echo '#!/bin/sh'; echo 'echo brought'; } > node_modules/node/bin/node
    chmod +x node_modules/node/bin/node; : > node_modules/.package-lock.json`;
  await using tree = await checkout({ "tools/npm": npm });
  for (const tool of ["mkdir", "chmod"])
    await symlink(`/bin/${tool}`, join(tree.path, "tools", tool));
  const { code, stdout, stderr } = tree.run("ps");
  assert.deepEqual({ code, stdout }, { code: 0, stdout: "brought\n" });
  assert.match(stderr, /not installed yet, so running npm ci --omit=dev/);
  assert.match(stderr, /npm ci --omit=dev --no-audit/);
});

test("packages older than package-lock.json are brought up to date", async () => {
  await using tree = await checkout({ ...ownNode, "tools/npm": "echo npm ran" });
  const old = new Date(2020, 1, 1);
  await utimes(join(tree.path, "node_modules/.package-lock.json"), old, old);
  assert.match(tree.run("ps").stderr, /older than package-lock\.json.*npm ran/s);
});

test("without npm it is said what to install", async () => {
  await using tree = await checkout({});
  const { code, stderr } = tree.run("ps");
  assert.equal(code, 1);
  assert.match(stderr, /npm is not in PATH/);
});

test("a link to the launcher finds the checkout", async () => {
  await using tree = await checkout(ownNode);
  const link = join(tree.path, "tools/dvm-link");
  await symlink("../dvm", link);
  const env = { PATH: join(tree.path, "tools") };
  const { stdout } = spawnSync(link, ["ps"], { env, encoding: "utf8" });
  assert.match(stdout, /^own .*\/src\/bin\/dvm\.ts ps\n$/);
});

test("an --env-file is DVM's to read, not Node's", () => {
  const { status, stderr } = spawnSync(launcher, ["run", "--env-file", "/absent/file", "image"], {
    encoding: "utf8",
  });
  assert.equal(status, 125);
  assert.match(stderr, /^dvm: open \/absent\/file: no such file or directory\n/);
});
