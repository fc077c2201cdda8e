import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { ForwarderLines } from "../../src/network/forwarder-lines.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test("lines that a forwarder is told at once are all kept", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "forwarder.lines");
  const lines = Array.from({ length: 20 }, (_, port) => `publish somebody tcp 0.0.0.0 ${port} 80`);
  const said = new ForwarderLines(path);
  await Promise.all(lines.map((line) => said.said(line)));
  assert.deepEqual(await new ForwarderLines(path).all(), lines);
});
