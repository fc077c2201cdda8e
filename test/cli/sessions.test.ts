import assert from "node:assert/strict";
import { test } from "node:test";
import { DvmError } from "../../src/base/errors.ts";
import { EngineClient } from "../../src/client/engine-client.ts";
import type { CliContext } from "../../src/cli/command.ts";
import { detachFilter, parseDetachKeys } from "../../src/base/detach-keys.ts";
import { withSetUp } from "../../src/cli/session/with-set-up.ts";

const type = (filter: ReturnType<typeof detachFilter>, text: string) => {
  const { bytes, detached } = filter(Buffer.from(text));
  return { text: bytes.toString(), detached };
};

test("the keys to detach are a list of characters and ctrl- keys", () => {
  assert.deepEqual(parseDetachKeys(), [16, 17]);
  assert.deepEqual(parseDetachKeys("a,ctrl-[,ctrl-@"), [97, 27, 0]);
  assert.throws(() => parseDetachKeys("alt-x"), { code: "invalid" });
});

test("typing the keys detaches, also in two goes", () => {
  assert.deepEqual(type(detachFilter([16, 17]), "ab\x10\x11"), { text: "ab", detached: true });
  const filter = detachFilter([16, 17]);
  assert.deepEqual(type(filter, "a\x10"), { text: "a", detached: false });
  assert.deepEqual(type(filter, "\x11"), { text: "", detached: true });
});

test("a beginning of the keys that goes on otherwise is passed on whole", () => {
  const filter = detachFilter([16, 17]);
  assert.deepEqual(type(filter, "\x10"), { text: "", detached: false });
  assert.deepEqual(type(filter, "x\x10\x10\x11"), { text: "\x10x\x10", detached: true });
});

/** A world in which only the set-up and what is said matter. */
function world(missing: string[]) {
  const said: string[] = [];
  const did: string[] = [];
  const { stdin, stdout } = process;
  const context: CliContext = {
    client: new EngineClient({ socketPath: "/nonexistent" }),
    stdin,
    stdout,
    stderr: Object.assign(Object.create(process.stderr), {
      write: (text: string) => said.push(text),
    }),
    environment: {},
    cwd: "/",
    version: "0",
    places: { dataRoot: "/", runRoot: "/", socketPath: "/nonexistent" },
    machine: {
      missingParts: async () => missing,
      setUp: async () => void did.push("set up"),
    },
  };
  const attempt = (image: string, error: DvmError) => ({
    image,
    action: async () => {
      did.push("try");
      if (did.length === 1) throw error;
      return 0;
    },
    undo: async () => void did.push("undo"),
  });
  return { context, said, did, attempt };
}

test("an image that the set-up brings is brought, and the run done again", async () => {
  const { context, said, did, attempt } = world([]);
  const error = new DvmError(
    "not-found",
    "Error response from daemon: No such image: hello:latest",
  );
  assert.equal(await withSetUp(context, attempt("hello", error)), 0);
  assert.deepEqual(did, ["try", "undo", "set up", "try"]);
  assert.match(said.join(""), /there is no image hello yet/);
});

test("a start that fails for want of a part is done again after the set-up", async () => {
  const { context, said, did, attempt } = world(["QEMU", "kernel"]);
  assert.equal(await withSetUp(context, attempt("mine", new DvmError("internal", "no qemu"))), 0);
  assert.deepEqual(did, ["try", "undo", "set up", "try"]);
  assert.match(said.join(""), /QEMU; kernel/);
});

test("a failure of the image's own doing sets nothing up", async () => {
  const { context, did, attempt } = world(["kernel"]);
  const missing = new DvmError(
    "not-found",
    "Error response from daemon: No such image: mine:latest",
  );
  await assert.rejects(withSetUp(context, attempt("mine", missing)), missing);
  assert.deepEqual(did, ["try"]);
  const wrong = new DvmError("command-not-found", "executable file not found");
  const other = world(["kernel"]);
  await assert.rejects(withSetUp(other.context, other.attempt("mine", wrong)), wrong);
});
