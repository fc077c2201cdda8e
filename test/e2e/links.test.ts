import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { file, folder, link, loadMadeImage } from "../support/load-made-image.ts";
import { TestDaemon } from "../support/test-daemon.ts";

// Links of an image where something is mounted or made. dockerd 20.10 does the same with them.

let daemon: TestDaemon;
let hostFolder: string;
let hostFile: string;

before(async () => {
  daemon = await TestDaemon.start();
  hostFolder = join(daemon.root, "folder");
  hostFile = join(daemon.root, "file");
  await mkdir(hostFolder);
  await writeFile(join(hostFolder, "x"), "of the folder\n");
  await writeFile(hostFile, "of the file\n");
  await loadMadeImage(daemon, "links", {
    entries: [
      link("etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf"),
      link("etc/hosts", "/var/lib/deep/hosts"),
      link("etc/hostname", "../../../../beyond/hostname"),
      link("etc/machine-id", "/run/machine-id"),
      link("etc/localtime", "/usr/share/zoneinfo/X"),
      link("data", "/anything/deep"),
      link("rel", "any/rel"),
      link("c1", "c2"),
      link("c2", "/c3/x"),
      link("c3", "srv/c4"),
      link("loop", "loop2"),
      link("loop2", "loop"),
      link("up", "../../../../up-there"),
      link("mid", "/made-by-mid"),
      link("tofile", "/etc/passwd"),
      link("todir", "/tmp"),
      link("dotdot", "nowhere/../elsewhere"),
      link("abs", "/"),
      link("proc-link", "/proc/self/cwd/x"),
      file("plain", "a file\n"),
      folder("own", 0o2750, 5),
    ],
  });
});
after(() => daemon?.[Symbol.asyncDispose]());

const run = (flags: string[], line: string) =>
  daemon.dvm(["run", "--rm", ...flags, "links", "sh", "-c", line]);

test("the agent's files of /etc lie over links, and nothing is made where those lead", async () => {
  const line =
    "stat -c '%F %n' /etc/resolv.conf /etc/hosts /etc/hostname; cat /etc/hostname; " +
    "grep -c nameserver /etc/resolv.conf; ls -d /run /var /beyond 2>/dev/null; readlink /etc/machine-id";
  const result = await run(["-h", "named"], line);
  const files = ["resolv.conf", "hosts", "hostname"].map((name) => `regular file /etc/${name}\n`);
  assert.equal(result.stdout, `${files.join("")}named\n1\n/run/machine-id\n`);
  await daemon.succeeds(["run", "--name", "kept", "links", "touch", "/new"]);
  assert.equal(await daemon.succeeds(["diff", "kept"]), "A /new\n");
  await daemon.succeeds(["commit", "kept", "committed"]);
  const again = ["run", "--rm", "-v", `${hostFolder}:/etc`, "--entrypoint", "cat", "committed"];
  assert.equal(await daemon.succeeds([...again, "/etc/x"]), "of the folder\n");
});

/** Where links lead that lead to nothing yet. */
const targets: [string, string][] = [
  ["/data", "/anything/deep"],
  ["/data/sub", "/anything/deep/sub"],
  ["/rel", "/any/rel"],
  ["/c1", "/srv/c4/x"],
  ["/up", "/up-there"],
  ["/mid/a/b", "/made-by-mid/a/b"],
  ["/dotdot", "/elsewhere"],
  ["/todir/new", "/tmp/new"],
];

test("binds, volumes and tmpfs are mounted where links lead, which is made; the links stay", async () => {
  const look = (path: string) =>
    `grep -q ' ${path} ' /proc/mounts && echo mounted; readlink /rel; readlink /data`;
  for (const [index, [target, path]] of targets.entries()) {
    const kinds = [
      ["-v", `${hostFolder}:${target}`],
      ["-v", `${hostFile}:${target}`],
      ["-v", target],
      ["--tmpfs", target],
    ];
    const flags = kinds[index % kinds.length] ?? [];
    const result = await run(flags, look(path));
    assert.equal(
      result.stdout,
      "mounted\nany/rel\n/anything/deep\n",
      `${flags.join(" ")} ${result.stderr}`,
    );
  }
});

test("all kinds of mounts take a link that leads to nothing", async () => {
  const flags = ["-v", `${hostFile}:/etc/localtime`, "-v", "/up", "--tmpfs", "/data"];
  const line =
    "cat /etc/localtime /usr/share/zoneinfo/X; readlink /etc/localtime; echo v > /up/v; cat /up-there/v; stat -c '%u %a' /anything /anything/deep";
  const result = await run(flags, line);
  assert.equal(
    result.stdout,
    "of the file\nof the file\n/usr/share/zoneinfo/X\nv\n0 755\n0 1777\n",
    result.stderr,
  );
});

test("an image's volume may be a link to nothing", async () => {
  const config = { Volumes: { "/data": {} }, WorkingDir: "/work/deep" };
  await loadMadeImage(daemon, "volume", { entries: [link("data", "/anything/deep")], config });
  const line = "echo kept > /data/x; cat /anything/deep/x; readlink /data; pwd";
  const words = ["run", "--rm", "volume", "sh", "-c", line];
  assert.equal(await daemon.succeeds(words), "kept\n/anything/deep\n/work/deep\n");
});

test("a place that can't be is refused with the reason", async () => {
  const kindMessage = /not a directory: Are you trying to mount a directory onto a file/;
  const refused: [string[], RegExp][] = [
    [["-v", `${hostFolder}:/loop`], /too many levels of symbolic links/],
    [["-v", `${hostFile}:/loop/x`], /too many levels of symbolic links/],
    [["--tmpfs", "/loop"], /too many levels of symbolic links/],
    [["-w", "/loop"], /too many levels of symbolic links/],
    [["-v", `${hostFolder}:/tofile`], kindMessage],
    [["-v", `${hostFile}:/todir`], kindMessage],
    [["-v", "/plain"], kindMessage],
    [["--tmpfs", "/plain/x"], kindMessage],
    [["-w", "/plain"], /Cannot mkdir: \/plain is not a directory/],
    [["-w", "/plain/x"], /not a directory/],
    [["--tmpfs", "/abs"], /it leads to the root/],
    [["-v", `${hostFolder}:/proc-link`], /cannot be mounted because it is inside \/proc/],
  ];
  for (const [flags, message] of refused) {
    const result = await run(flags, "echo");
    assert.match(result.stderr, message, flags.join(" "));
    assert.equal(result.code, 125, flags.join(" "));
  }
});

test("a file may lie over what a link leads to, and over any file", async () => {
  const result = await run(["-v", `${hostFile}:/tofile`], "cat /etc/passwd; readlink /tofile");
  assert.equal(result.stdout, "of the file\n/etc/passwd\n");
});

test("a working folder is made where links lead, also in a root that is read-only then", async () => {
  for (const [target, path] of [
    ["/data", "/anything/deep"],
    ["/up", "/up-there"],
    ["/new/folder", "/new/folder"],
    ["/tmp/../x", "/x"],
  ])
    for (const flags of [[], ["--read-only"], ["-u", "app"]]) {
      const result = await run([...flags, "-w", target ?? ""], "pwd -P; stat -c '%u:%g %a' .");
      assert.equal(result.stdout, `${path}\n0:0 755\n`, result.stderr);
    }
  const result = await run(["--read-only", "-w", "/new"], "touch x");
  assert.match(result.stderr, /Read-only file system/);
});

test("a tmpfs has the mode and owner of the folder it hides, unless it is told others", async () => {
  const expected: [string, string][] = [
    ["/root", "700 0:0"],
    ["/tmp", "1777 0:0"],
    ["/own", "2750 5:0"],
    ["/own:size=1m", "2750 5:0"],
    ["/own:mode=700", "700 5:0"],
    ["/own:uid=7", "2750 7:0"],
    ["/own:mode=1777,uid=8,gid=9", "1777 8:9"],
    ["/new", "1777 0:0"],
    ["/own:ro", "2750 5:0"],
  ];
  for (const [mount, wanted] of expected) {
    const path = mount.split(":")[0] ?? "";
    const result = await run(["--tmpfs", mount], `stat -c '%a %u:%g' ${path}; ls -A ${path}`);
    assert.equal(result.stdout, `${wanted}\n`, `${mount} ${result.stderr}`);
  }
});
