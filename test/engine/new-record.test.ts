import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCreateBody } from "../../src/api/schemas/create-container.ts";
import { newRecord } from "../../src/engine/plan/new-record.ts";
import type { Image } from "../../src/image/store/image-types.ts";

const image: Image = {
  ...{ id: "sha256:00", sizeBytes: 0, createdAt: "2026-01-01", architecture: "amd64", os: "linux" },
  ...{ parent: undefined, storedAt: "2026-01-01", taggedAt: undefined, isRemoved: false },
  ...{ references: [], digests: [], layers: [], configText: "{}", rawConfig: {} },
  config: {
    ...{ user: "", exposedPorts: [], env: [], volumes: [], workingDir: "", labels: {} },
    entrypoint: ["/entry"],
    cmd: ["one", "two"],
  },
};

const argumentsOf = async (words: object) => {
  const request = parseCreateBody({ Image: "made", ...words });
  const { run } = await newRecord(request, {
    id: "f".repeat(64),
    name: "made",
    image,
    sources: { mountsOf: () => [], findImage: () => "" },
  });
  return run.process.args;
};

test("a command of the user's takes the place of the image's, an entrypoint that of both", async () => {
  assert.deepEqual(await argumentsOf({}), ["/entry", "one", "two"]);
  assert.deepEqual(await argumentsOf({ Cmd: ["three"] }), ["/entry", "three"]);
  assert.deepEqual(await argumentsOf({ Entrypoint: ["/own"] }), ["/own"]);
  assert.deepEqual(await argumentsOf({ Entrypoint: ["/own"], Cmd: ["three"] }), ["/own", "three"]);
  await assert.rejects(argumentsOf({ Entrypoint: [""] }), /no command specified/);
});

test("lists without words ask for nothing: the image's command stays", async () => {
  assert.deepEqual(await argumentsOf({ Cmd: [] }), ["/entry", "one", "two"]);
  assert.deepEqual(await argumentsOf({ Entrypoint: [], Cmd: [] }), ["one", "two"]);
  assert.deepEqual(await argumentsOf({ Entrypoint: [], Cmd: ["three"] }), ["three"]);
});
