import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { EngineClient } from "../../src/client/engine-client.ts";
import { listTar } from "../support/tar-listing.ts";
import { TestDaemon } from "../support/test-daemon.ts";

const image = "dvm-fixture:small";
let daemon: TestDaemon;
let client: EngineClient;

before(async () => {
  daemon = await TestDaemon.start({
    images: ["small.docker-save.tar"],
    settings: { DVM_POOL: "0" },
  });
  client = new EngineClient({ socketPath: join(daemon.root, "run/dvm.sock") });
});
after(async () => {
  client?.[Symbol.dispose]();
  await daemon?.[Symbol.asyncDispose]();
});

test("files of a container that is just ending can be read, whenever its end comes", async () => {
  for (let round = 0; round < 10; round += 1) {
    const words = ["run", "-d", "--network", "none", image, "exit 0"];
    const id = (await daemon.succeeds(words)).trim();
    const tar =
      round % 2 === 0 ? await client.files.export(id) : (await client.files.read(id, "/etc")).tar;
    const listing = await listTar(tar);
    assert(Object.keys(listing).length > 1);
    const refused = await daemon.dvm(["exec", id, "true"]);
    // who asks before the end comes, and starts after it, finds the exec gone: as on dockerd
    assert.match(refused.stderr + refused.stdout, /is not running|No such exec instance/);
  }
});

test("a client that takes nothing of an export keeps a container from being stopped for seconds only", async () => {
  const id = (await daemon.succeeds(["run", "-d", image, "sleep 1000"])).trim();
  const idle = connect(join(daemon.root, "run/dvm.sock"));
  idle.write(`GET /containers/${id}/export HTTP/1.1\r\nHost: docker\r\n\r\n`);
  await once(idle, "readable");
  const start = performance.now();
  await daemon.succeeds(["stop", "-t", "0", id]);
  assert(performance.now() - start < 12_000);
  idle.destroy();
});
