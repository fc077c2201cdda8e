import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { egressText, isAbout, parseEgress } from "../../src/network/egress/egress-policy.ts";
import {
  holdingStatements,
  openingStatements,
  releasingStatements,
} from "../../src/network/egress/egress-statements.ts";
import { Refusals, refusalsIn } from "../../src/network/egress/refusals.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test("rules of egress name a place, ports and a protocol", () => {
  const rules = [
    ...["example.org:443", "*.debian.org", "10.0.0.0/8:5432-5440/tcp", "[2001:db8::]/32:443"],
    ...["[::1]", "*:123/udp", "1.2.3.4", "localhost:80"],
  ];
  assert.deepEqual(parseEgress(rules.join(", ")).map(egressText), rules);
  assert.deepEqual(parseEgress(":53/udp").map(egressText), ["*:53/udp"]);
  for (const nothing of ["", "none", " , "]) assert.deepEqual(parseEgress(nothing), [], nothing);
});

test("what is no rule is refused", () => {
  for (const rule of [
    ...[
      "a b*",
      "x:0",
      "x:70000",
      "x:9-5",
      "10.0.0.0/33",
      "1.2.3",
      "300.1.1.1",
      "::1",
      "-a.b",
      "a..b",
    ],
    ...["x:80/sctp", "[1.2.3.4", "*.*.org", "x;accept", "$(id)", "x:80 }", "a".repeat(300)],
  ].flatMap((one) => (one.includes(" ") ? one.split(" ").slice(-1) : [one])))
    assert.throws(() => parseEgress(rule), /invalid egress rule/, rule);
  assert.throws(() => parseEgress("a ".repeat(300)), /256 at most/);
});

test("a rule is about a name and nothing like it", () => {
  const about = (rule: string, name: string) => parseEgress(rule).some((one) => isAbout(one, name));
  assert(about("example.org:443", "EXAMPLE.org."));
  assert(about("*.example.org", "a.b.example.org"));
  assert(about("*:443", "anything"));
  for (const [rule, name] of [
    ...[
      ["example.org", "a.example.org"],
      ["*.example.org", "example.org"],
    ],
    ...[
      ["*.example.org", "badexample.org"],
      ["example.org", "example.org.evil"],
      ["1.2.3.4", "1.2.3.4"],
    ],
  ] as [string, string][])
    assert(!about(rule, name), `${rule} ${name}`);
});

test("nft takes the statements, again and again, and nothing of a container is left", async (t) => {
  await using folder = await temporaryFolder();
  const held = {
    container: "ab".repeat(32),
    addresses: ["172.18.0.5", "fd00::5"],
    rules: parseEgress(
      "example.org:443 10.0.0.0/8:5432-5440/tcp [2001:db8::]/32 *:123/udp 1.2.3.4",
    ),
  };
  const opened = [
    { rule: 0, address: "9.9.9.9", seconds: 30 },
    { rule: 0, address: "2001::1", seconds: 30 },
  ];
  const files = {
    hold: holdingStatements(held),
    open: openingStatements(held.container, opened),
    release: releasingStatements(held),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder.path, name), text);
  const script = [
    "nft -f hold && nft -f hold && nft -f open && nft -f open",
    "nft list ruleset; echo ======; nft -f release && nft -f release && nft list ruleset",
  ].join(";");
  const run = promisify(execFile)("unshare", ["-rn", "sh", "-c", script], { cwd: folder.path });
  const { stdout } = await run.catch((error: Error) => {
    if (/Operation not permitted|not found/.test(error.message)) t.skip("no namespace, or no nft");
    else throw error;
    return { stdout: "" };
  });
  if (stdout === "") return;
  const [during = "", after = ""] = stdout.split("======");
  assert.match(during, /172\.18\.0\.5 : jump cabababababab/);
  assert.match(during, /9\.9\.9\.9 timeout 30s/);
  assert.match(during, /ip daddr 10\.0\.0\.0\/8 tcp dport 5432-5440 accept/);
  assert(!after.includes("ababab"), after);
});

test("refusals are counted by name and by address, and there is an end to them", () => {
  const refusals = new Refusals();
  for (let index = 0; index < 500; index++) refusals.count("c", `${index % 200}.example`);
  assert.equal(refusals.of("c").length, 100);
  assert.deepEqual(refusals.of("c")[0], { destination: "0.example", count: 3 });
  const elem = (concat: (string | number)[], packets: number) => ({
    elem: { val: { concat }, counter: { packets } },
  });
  const json = JSON.stringify({
    nftables: [
      { metainfo: {} },
      { counter: { table: "dvm_egress", name: "cx", packets: 7 } },
      {
        set: { table: "dvm_egress", name: "cx_refused4", elem: [elem(["1.2.3.4", "tcp", 80], 5)] },
      },
      { set: { table: "dvm_egress", name: "cx_refused6", elem: [elem(["::1", "udp", 53], 2)] } },
      { set: { table: "other", name: "cx_refused4", elem: [elem(["9.9.9.9", "tcp", 1], 5)] } },
    ],
  });
  assert.deepEqual(refusalsIn(json, "cx"), {
    packets: 7,
    list: [
      { destination: "1.2.3.4:80/tcp", count: 5 },
      { destination: "[::1]:53/udp", count: 2 },
    ],
  });
});
