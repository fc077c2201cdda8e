import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { file, link, loadMadeImage } from "../support/load-made-image.ts";
import { hostResolver } from "../../src/network/host-resolver.ts";
import { TestDaemon } from "../support/test-daemon.ts";

// What a container finds in its root that is of no image, as with dockerd 20.10.

let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start({ images: ["small.docker-save.tar"] });
  const debian = [
    link("etc/mtab", "../proc/self/mounts"),
    file("etc/hostname", "of the image\n"),
    file(".dockerenv", ""),
  ];
  await loadMadeImage(daemon, "plain", { entries: [] });
  await loadMadeImage(daemon, "debian", { entries: debian });
  await loadMadeImage(daemon, "stale", { entries: [file("etc/mtab", "/dev/sda1 / ext4\n")] });
});
after(() => daemon?.[Symbol.asyncDispose]());

const shell = async (image: string, line: string, flags: string[] = []) => {
  const result = await daemon.dvm(["run", "--rm", ...flags, image, "sh", "-c", line]);
  assert.equal(result.code, 0, result.stderr);
  return result.stdout;
};

test("there are /.dockerenv and /etc/mtab, whatever the image has of them", async () => {
  const line =
    "stat -c '%F %a %s' /.dockerenv; readlink /etc/mtab; grep -c ' / overlay' /etc/mtab; cat /etc/hostname";
  const found = (target: string) => `regular empty file 755 0\n${target}\n1\nnamed\n`;
  assert.equal(await shell("plain", line, ["-h", "named"]), found("/proc/mounts"));
  assert.equal(await shell("stale", line, ["-h", "named"]), found("/proc/mounts"));
  const debian = await shell("debian", line, ["-h", "named", "--read-only"]);
  assert.equal(debian, found("../proc/self/mounts").replace("755", "644"));
});

test("neither diff nor commit tells of them, and export has no more than Docker's", async () => {
  for (const image of ["plain", "stale", "debian"]) {
    const name = `changed-${image}`;
    await daemon.succeeds(["run", "--name", name, image, "touch", "/new", "/etc/new"]);
    assert.equal(await daemon.succeeds(["diff", name]), "C /etc\nA /etc/new\nA /new\n", image);
    await daemon.succeeds(["commit", name, `${name}-image`]);
    await daemon.succeeds(["create", "--name", `again-${image}`, `${name}-image`]);
    assert.equal(await daemon.succeeds(["diff", `again-${image}`]), "");
  }
  const listing = await daemon.client("sh", ["-c", "dvm export changed-plain | tar t | sort"], {
    environment: { PATH: `${process.cwd()}:${process.env["PATH"]}` },
  });
  const ofImage = /^(bin|root|tmp)(\/|$)|^etc\/(passwd|new)$/;
  assert.deepEqual(
    listing.stdout.split("\n").filter((path) => path !== "" && !ofImage.test(path)),
    [
      ".dockerenv",
      "dev/",
      "dev/console",
      "dev/pts/",
      "dev/shm/",
      "etc/",
      "etc/hostname",
      "etc/hosts",
      "etc/mtab",
      "etc/resolv.conf",
      "new",
      "proc/",
      "sys/",
    ],
  );
});

test("what a container does with them stays done when it is started again", async () => {
  const line =
    "[ -e /second ] && ls -A / /etc; rm /.dockerenv /etc/mtab; echo mine > /etc/mtab; touch /second";
  await daemon.succeeds(["create", "--name", "twice", "plain", "sh", "-c", line]);
  await daemon.succeeds(["start", "-a", "twice"]).catch(() => "");
  const second = await daemon.dvm(["start", "-a", "twice"]);
  assert.doesNotMatch(second.stdout, /dockerenv/);
  assert.match(await daemon.succeeds(["diff", "twice"]), /^A \/etc\/mtab$/m);
});

test("/etc/hosts has a host's full name and its short one", async () => {
  const expected: [string[], string][] = [
    [["-h", "web.example.com"], "web.example.com web"],
    [["-h", "web", "--domainname", "example.com"], "web.example.com web"],
    [["-h", "web.a", "--domainname", "b.c"], "web.a.b.c web"],
    [["-h", "web"], "web"],
    [["-h", "web."], "web. web"],
  ];
  for (const [flags, names] of expected) {
    const own = await shell("plain", "grep ^172 /etc/hosts | cut -f2; hostname", flags);
    assert.equal(own, `${names}\n${flags[1]}\n`);
  }
  const domain = "cat /proc/sys/kernel/domainname";
  assert.equal(await shell("plain", domain), "(none)\n");
  assert.equal(await shell("plain", domain, ["--domainname", "d.e"]), "d.e\n");
});

test("resolv.conf has what is asked for, in Docker's order", async () => {
  const { servers } = await hostResolver();
  const hosts = servers.map((server) => `nameserver ${server}\n`).join("");
  const expected: [string[], string][] = [
    [
      ["--dns", "1.2.3.4", "--dns-search", "a.b", "--dns-search", "c"],
      "nameserver 1.2.3.4\nsearch a.b c\n",
    ],
    [
      ["--dns-option", "ndots:3", "--dns-option", "rotate", "--dns-search", "."],
      `${hosts}options ndots:3 rotate\n`,
    ],
    [
      ["--dns-search", ".", "--dns-search", "x", "--dns-option", "a"],
      `${hosts}search x\noptions a\n`,
    ],
  ];
  for (const [flags, text] of expected)
    assert.equal(await shell("plain", "grep '^[nso]' /etc/resolv.conf", flags), text);
});
