import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createConnection } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { seeds } from "../support/fuzz-settings.ts";
import { Random } from "../support/random.ts";
import { madeSwitch } from "../support/switch.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const names = ["br-a", "br-b", "t0", "lo", "up0", "../x", "", "a".repeat(40), "é"];
const addresses = ["10.9.0.1/16", "fd00::1/64", "-", "10.9.0.1/99", "::", ",", "1.2.3.4,5.6.7.8"];
const others = ["02:42:0a:09:00:02", "internal", "isolated,host", "1500", "99999", "%00", "/%2"];
const verbs = ["network", "remove", "attach", "detach", "uplink", "hosts", "list", "rules", "ping"];

/** Mostly of the right words in wrong places, now and then spoilt. */
function line(random: Random): Buffer {
  const words = [random.pick(verbs)];
  for (let count = random.below(6); count > 0; count -= 1)
    words.push(random.pick(random.pick([names, addresses, others])));
  if (random.oneIn(3)) return sensible(random);
  const bytes = Buffer.from(`${words.join(" ")}\n`);
  if (random.oneIn(10)) bytes.writeUInt8(random.below(256), random.below(bytes.length));
  return random.oneIn(200) ? Buffer.alloc(20_000, 97) : bytes;
}

function sensible(random: Random): Buffer {
  const bridge = random.pick(["br-a", "br-b"]);
  const text = random.pick([
    `network ${bridge} 1500 ${random.pick(addresses)} masquerade`,
    `attach lo ${bridge} 02:42:0a:09:00:02 10.9.0.2,fd00::2 host`,
    `hosts ${random.pick(addresses)}`,
    `remove ${bridge}`,
  ]);
  return Buffer.from(`${text}\n`);
}

test("nothing that is said to the switch makes it read or write where it may not", async () => {
  await using folder = await temporaryFolder();
  const program = await madeSwitch("dvm-switch-sanitized");
  for (const seed of seeds(5)) {
    const random = new Random(seed);
    const [control, descriptors] = [join(folder.path, "c"), join(folder.path, "d")];
    const words = ["serve", control, descriptors, "/usr/sbin/nft"];
    const child = spawn(program, words, { stdio: ["ignore", "inherit", "inherit"] });
    const ended = once(child, "exit");
    using stack = new DisposableStack();
    stack.defer(() => child.kill("SIGKILL"));
    await listening(control);
    for (let speaker = 0; speaker < 10; speaker += 1) {
      const socket = createConnection(control).on("error", () => {}); // it may be thrown out
      const gone = new Promise((resolve) => socket.resume().once("close", resolve));
      for (let count = 0; count < 100; count += 1) socket.write(line(random));
      socket.end();
      await gone;
    }
    await listening(control); // it does still
    child.kill("SIGKILL");
    assert.deepEqual(await ended, [null, "SIGKILL"], `seed ${seed}`);
  }
});

async function listening(path: string): Promise<void> {
  for (let count = 0; count < 600; count += 1) {
    const socket = createConnection(path);
    const isThere = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isThere) return;
    await delay(50);
  }
  assert.fail("it does not listen");
}
