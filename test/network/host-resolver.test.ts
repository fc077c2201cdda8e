import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { hostResolver, type HostResolver, parseResolver } from "../../src/network/host-resolver.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test("search domains and options of a resolv.conf are read as a resolver reads them", () => {
  const expected: [string, string[], string[]][] = [
    ["", [], []],
    [
      "nameserver 1.2.3.4\nsearch a.b c\noptions ndots:2 rotate\n",
      ["a.b", "c"],
      ["ndots:2", "rotate"],
    ],
    ["search a\nsearch b c\n", ["b", "c"], []],
    ["search a\ndomain d e\n", ["d"], []],
    ["domain d\nsearch a b\n", ["a", "b"], []],
    ["options a\noptions b\n", [], ["a", "b"]],
    ["# search x\n; search y\nsearch z # w\n", ["z"], []],
    ["\tsearch\ta\t b \r\noptions c\r\n", ["a", "b"], ["c"]],
    ["search\noptions\n", [], []],
    ["searching a\nSEARCH b\n", [], []],
    ["search a\0b \x1b[31m\n", ["a", "b", "[31m"], []],
    [`search ${"d ".repeat(1000)}`, Array.from({ length: 256 }, () => "d"), []],
  ];
  for (const [text, search, options] of expected)
    assert.deepEqual(wordsOf(parseResolver(text)), { search, options }, text.slice(0, 60));
});

test("servers of a resolv.conf are its addresses, and what says something else is kept", () => {
  const text = "nameserver 192.0.2.1\nnameserver ::1\nnameserver nobody\nsortlist 10.0.0.0\n";
  assert.deepEqual(parseResolver(text), {
    ...{ path: "/etc/resolv.conf", servers: ["192.0.2.1", "::1"], search: [], options: [] },
    ...{ others: ["sortlist 10.0.0.0"], invalid: ["nobody"] },
  });
});

function wordsOf({ search, options }: HostResolver) {
  return { search, options };
}

test("where a host has systemd's stub, what is behind it counts", async () => {
  await using folder = await temporaryFolder();
  const paths = { usual: join(folder.path, "usual"), behindStub: join(folder.path, "behind") };
  assert.deepEqual(wordsOf(await hostResolver(paths)), { search: [], options: [] });
  await writeFile(paths.usual, "nameserver 127.0.0.53\noptions edns0 trust-ad\nsearch .\n");
  await writeFile(paths.behindStub, "nameserver 192.0.2.1\nsearch corp.example\n");
  assert.deepEqual(wordsOf(await hostResolver(paths)), { search: ["corp.example"], options: [] });
  await writeFile(paths.usual, "nameserver 127.0.0.53\nnameserver 192.0.2.2\nsearch mine\n");
  assert.deepEqual(wordsOf(await hostResolver(paths)), { search: ["mine"], options: [] });
});
