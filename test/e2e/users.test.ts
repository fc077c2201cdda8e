import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { file, folder, link, loadMadeImage } from "../support/load-made-image.ts";
import { TestDaemon } from "../support/test-daemon.ts";

// What is expected here dockerd 20.10 with runc 1.1.5 said of the same files.

const passwd = `root:x:0:0:root:/root:/bin/sh
1000:x:0:0::/evil:/bin/sh
app:x:1001:1001::/home/app:/bin/sh
few:x:1002
fewg:x:1003:1003
nohome:x:1004:1004::
#comment:x:1005:1005::/c:/bin/sh
  spaced:x:1006:1006::/sp:/bin/sh

bad:x:abc:def::/bad:/bin/sh
007:x:55:56::/seven:/bin/sh
neg:x:-1:5::/neg:/bin/sh
big:x:4294967295:1::/big:/bin/sh
max:x:2147483647:2147483647::/max:/bin/sh
over:x:2147483648:1::/over:/bin/sh
dup:x:1007:1007::/dup1:/bin/sh
dup:x:1008:1008::/dup2:/bin/sh
same1:x:1009:1009::/same1:/bin/sh
same2:x:1009:1010::/same2:/bin/sh
crlf:x:1011:1011::/crlf:/bin/sh\r
crlfh:x:1012:1012::/crlfh\r
:x:1013:1013::/empty:/bin/sh
+nis::::::
plus:x:+1014:+1014::/plus:/bin/sh
hex:x:0x10:0x10::/hex:/bin/sh
sp: x : 1015 : 1015 ::/sp2:/bin/sh
relhome:x:1016:1016::rel:/bin/sh
extra:x:1017:1017:g:/extra:/bin/sh:more:fields
wide:x:4294967296:7::/w:/bin/sh
ap\0p:x:1018:1018::/nul:/bin/sh
nulid:x:1019\0:1::/nul:/bin/sh
many:x:1021:1021::/many:/bin/sh
farg:x:1022:3000000000::/farg:/bin/sh
last:x:1020:1020::/last:/bin/sh`;

const group = `root:x:0:root
1234:x:999:
staff:x:50:app,few
wheel:x:10:root,app
few2:x
few3:x:51
badg:x:zz:app
emptym:x:52:
#cg:x:54:app
0077:x:57:
dupg:x:58:app
dupg:x:59:
nums:x:60:1001,1000
crg:x:61:app\r
bigg:x:4294967296:app
${Array.from({ length: 3000 }, (_, index) => `m${index}:x:${3000 + index}:many`).join("\n")}
long:x:71:${"nobody,".repeat(20_000)}last
lastg:x:70:app`;

let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start();
  await loadMadeImage(daemon, "users", {
    entries: [file("etc/passwd", passwd), file("etc/group", group)],
  });
  await daemon.succeeds(["run", "-d", "--name", "users", "users", "sleep", "10000"]);
});
after(() => daemon?.[Symbol.asyncDispose]());

const line =
  'set -- $(grep Groups: /proc/self/status); shift; echo "$(id -u 2>&-):$(id -g 2>&-) $* $HOME"';

/** `uid:gid groups HOME`. */
async function identity(flags: string[]): Promise<string> {
  return (await daemon.succeeds(["exec", ...flags, "users", "sh", "-c", line])).replace(/\n$/, "");
}

test("a user is who runc takes him for, by name or by number", async () => {
  const appGroups = "0 10 50 58 61 70 1001";
  const expected: [string, string][] = [
    ["1000", "1000:0 0 /"],
    ["0", "0:0 0 10 /root"],
    ["app", `1001:1001 ${appGroups} /home/app`],
    ["1001", `1001:1001 ${appGroups} /home/app`],
    ["few", "1002:0 0 50 "],
    ["1003", "1003:1003 1003 "],
    ["nohome", "1004:1004 1004 "],
    ["#comment", "1005:1005 1005 /c"],
    ["spaced", "1006:1006 1006 /sp"],
    ["bad", "0:0 0 /root"],
    ["007", "7:0 0 /"],
    ["55", "55:56 56 /seven"],
    ["max", "2147483647:2147483647 2147483647 /max"],
    ["over", "2147483648:1 1 /over"],
    ["dup", "1007:1007 1007 /dup1"],
    ["same2", "1009:1010 1010 /same1"],
    ["crlf", "1011:1011 1011 /crlf"],
    ["crlfh", "1012:1012 1012 /crlfh"],
    ["1013", "1013:1013 1013 /empty"],
    ["+nis", "0:0 0 /root"],
    ["+1014", "1014:1014 1014 /plus"],
    ["hex", "0:0 0 /root"],
    ["sp", "0:0 0 /root"],
    ["relhome", "1016:1016 1016 rel"],
    ["extra", "1017:1017 1017 /extra"],
    ["wide", "0:7 7 /root"],
    ["1018", "1018:1018 1018 /nul"],
    ["nulid", "0:1 1 /root"],
    ["last", "1020:1020 71 1020 /last"],
    ["5000", "5000:0 0 /"],
    ["", "0:0 0 10 /root"],
  ];
  for (const [user, wanted] of expected) assert.equal(await identity(["-u", user]), wanted, user);
});

test("a group is what runc takes it for, and then it is the only one", async () => {
  const expected: [string, string][] = [
    ["app:1234", "1001:1234 1234 /home/app"],
    ["app:999", "1001:999 999 /home/app"],
    ["app:staff", "1001:50 50 /home/app"],
    ["app:few2", "1001:0 0 /home/app"],
    ["app:few3", "1001:51 51 /home/app"],
    ["app:badg", "1001:0 0 /home/app"],
    ["app:0077", "1001:77 77 /home/app"],
    ["app:dupg", "1001:58 58 /home/app"],
    ["app:crg", "1001:61 61 /home/app"],
    ["app:bigg", "1001:0 0 /home/app"],
    ["app:+5", "1001:5 5 /home/app"],
    ["app:", "1001:1001 0 10 50 58 61 70 1001 /home/app"],
    [":staff", "0:50 50 /root"],
    [":", "0:0 0 10 /root"],
    ["1000:1000", "1000:1000 1000 /"],
    ["5000:root", "5000:0 0 /"],
  ];
  for (const [user, wanted] of expected) assert.equal(await identity(["-u", user]), wanted, user);
});

test("who is in thousands of groups is in all of them", async () => {
  const count = "set -- $(grep Groups: /proc/self/status); echo $#";
  const words = await daemon.succeeds(["exec", "-u", "many", "users", "sh", "-c", count]);
  assert.equal(words, "3002\n");
});

test("a user or a group that there isn't is refused with Docker's words", async () => {
  const range = "uids and gids must be in range 0-2147483647";
  const noUser = (name: string) =>
    `unable to find user ${name}: no matching entries in passwd file`;
  const noGroup = (name: string) =>
    `unable to find group ${name}: no matching entries in group file`;
  const expected: [string, string][] = [
    ["nosuch", noUser("nosuch")],
    ["  spaced", noUser("  spaced")],
    ["0x10", noUser("0x10")],
    ["1000 ", noUser("1000 ")],
    ["ap", noUser("ap")],
    ["99999999999999999999", range],
    ["99999999999", range],
    ["-5", range],
    ["farg", range],
    ["app:nope", noGroup("nope")],
    ["app:#cg", noGroup("#cg")],
    ["app: 5", noGroup(" 5")],
    ["app:a:b", noGroup("a")],
    ["app:-1", range],
    ["app:2147483648", range],
  ];
  for (const [user, message] of expected) {
    const result = await daemon.dvm(["exec", "-u", user, "users", "id"]);
    const stderr = `Error response from daemon: ${message}\n`;
    assert.deepEqual(result, { code: 1, stdout: "", stderr });
  }
  for (const user of ["neg", "big"]) {
    const result = await daemon.dvm(["exec", "-u", user, "users", "id"]);
    const stdout =
      "OCI runtime exec failed: exec failed: unable to start container process: unable to setup user: invalid argument\r\n";
    assert.deepEqual(result, { code: 128, stdout, stderr: "" });
  }
  const refused = await daemon.dvm(["run", "--rm", "-u", "nosuch", "users", "id"]);
  assert.equal(refused.code, 125);
  assert.match(refused.stderr, /unable to find user nosuch: no matching entries in passwd file/);
});

test("groups are added by name or number, the file's first one that fits", async () => {
  const run = async (...groups: string[]) => {
    const flags = ["-u", "app:staff", ...groups.flatMap((name) => ["--group-add", name])];
    const words = ["run", "--rm", ...flags, "users", "grep", "Groups:", "/proc/self/status"];
    const { code, stdout, stderr } = await daemon.dvm(words);
    return code === 0 ? stdout.replace(/^Groups:\s+/, "").trim() : stderr;
  };
  assert.equal(await run("wheel", "77", "0077", "1234"), "10 50 57 77 999");
  assert.match(await run("nosuch"), /Unable to find group nosuch: no matching entries/);
  assert.match(await run("-1"), /uids and gids must be in range 0-2147483647/);
});

test("HOME is the one that is given, unless it is empty", async () => {
  assert.equal(await identity(["-u", "last", "-e", "HOME=/z"]), "1020:1020 71 1020 /z");
  assert.equal(await identity(["-u", "last", "-e", "HOME="]), "1020:1020 71 1020 /last");
});

test("a passwd file that is missing, a folder, a link or no file harms only who needs it", async () => {
  const root = "root:x:0:0:root:/root:/bin/sh\napp:x:1001:1001::/home/app:/bin/sh\n";
  const images = {
    missing: [link("etc/passwd", "../../../../nowhere")],
    "a-folder": [folder("etc/passwd")],
    linked: [link("etc/passwd", "/lib/passwd"), folder("lib"), file("lib/passwd", root)],
    "a-fifo": [{ path: "etc/passwd", type: "6", mode: 0o644 }],
    zeros: [link("etc/passwd", "/dev/zero")],
    long: [file("etc/passwd", `${root}${"y".repeat(65_536)}\n`)],
  };
  const ask = async (name: string, user: string) => {
    const words = ["-u", user, name, "sh", "-c", 'echo "$(stat -c %u /proc/$$) $HOME"'];
    const { stdout, stderr } = await daemon.dvm(["run", "--rm", ...words]);
    return stdout + stderr;
  };
  for (const [name, entries] of Object.entries(images))
    await loadMadeImage(daemon, name, { entries });
  assert.equal(await ask("missing", "5"), "5 /\n");
  assert.match(await ask("missing", "app"), /unable to find user app: no matching entries/);
  assert.match(await ask("a-folder", "0"), /unable to find user 0: read .*passwd: is a directory/);
  assert.equal(await ask("linked", "app"), "1001 /home/app\n");
  assert.equal(await ask("a-fifo", "5"), "5 /\n");
  assert.equal(await ask("zeros", "5"), "5 /\n");
  assert.match(await ask("long", "app"), /unable to find user app: a line of .* is longer than/);
});
