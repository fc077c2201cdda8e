import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import assert from "node:assert/strict";

const mark = "DVM_TEST_OWN_NETWORK";

/** As on usual hosts, whoever is on it may make interfaces. */
const openTun = `mount -t tmpfs tmpfs /dev/net && mknod -m 666 /dev/net/tun c 10 200 && exec "$@"`;

/**
 * Runs the tests of a file in a network namespace of its own, which stands for a host's: nothing that
 * they do reaches this one's network. As root only.
 */
export function inOwnNetwork(file: string, defineTests: () => void): void {
  if (process.env[mark] === "yes") return defineTests();
  const skip = process.getuid?.() === 0 ? false : "a network namespace for a host takes root";
  test("in a network of its own", { skip }, async () => {
    const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
    const own = [process.execPath, "--test", "--test-reporter=spec", file];
    const words = ["-n", "-m", "sh", "-c", openTun, "sh", ...own];
    const options = { env: { ...environment, [mark]: "yes" } };
    const child = spawn("unshare", words, { ...options, stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (part: Buffer) => (text += part.toString()));
    const [code] = (await once(child, "close")) as [number | null];
    assert.equal(code, 0, text);
  });
}
