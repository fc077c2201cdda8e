import assert from "node:assert/strict";
import { test } from "node:test";
import { TestDaemon } from "../support/test-daemon.ts";

test("listing commands take Go templates, tables of them, and --json", async () => {
  await using daemon = await TestDaemon.start({ images: ["small.docker-save.tar"] });
  await daemon.succeeds(["create", "--name", "made", "-l", "a=b", "dvm-fixture:small", "true"]);
  const ps = (...words: string[]) => daemon.succeeds(["ps", "-a", ...words]);
  assert.equal(
    await ps("--format", "{{.Names}}|{{.Image}}|{{.State}}"),
    "made|dvm-fixture:small|created\n",
  );
  assert.match(
    await ps("--format", "table {{.Names}}\t{{.Status}}"),
    /^NAMES +STATUS\nmade +Created\n$/,
  );
  assert.equal(await ps("--filter", "name=none", "-q"), "");
  const [listed] = JSON.parse(await ps("--json")) as { Names: string[] }[];
  assert.deepEqual(listed?.Names, ["/made"]);
  const inspect = (format: string) => daemon.succeeds(["inspect", "-f", format, "made"]);
  assert.equal(await inspect("{{range .Config.Cmd}}[{{.}}]{{end}}"), "[true]\n");
  assert.equal(await inspect("{{if .State.Running}}yes{{else}}no{{end}}"), "no\n");
  assert.equal(await inspect('{{index .Config.Labels "a"}} {{len .Config.Cmd}}'), "b 1\n");
  assert.equal(await inspect('{{join .Config.Cmd ","}}'), "true\n");
  const wrong = await daemon.dvm(["inspect", "-f", "{{.Nope", "made"]);
  assert.notEqual(wrong.code, 0);
  assert.match(wrong.stderr, /template|unclosed/i);
});
