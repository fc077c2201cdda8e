import assert from "node:assert/strict";
import { test } from "node:test";
import { describePorts } from "../../src/cli/output/describe-ports.ts";
import { binarySize, decimalSize } from "../../src/base/describe-size.ts";
import { formatTable } from "../../src/cli/output/table.ts";
import { FakeDaemon } from "./support/fake-daemon.ts";
import { runCli } from "./support/run-cli.ts";

const hourAgo = Math.floor(Date.now() / 1000) - 3 * 3600;
const id = "0123456789abcdef".repeat(4);
const container = {
  Id: id,
  Names: ["/web"],
  Image: "nginx:1",
  Command: "nginx -g 'daemon off;' and more",
  Created: hourAgo,
  Ports: [
    { IP: "0.0.0.0", PrivatePort: 80, PublicPort: 8080, Type: "tcp" },
    { IP: "0.0.0.0", PrivatePort: 81, PublicPort: 8081, Type: "tcp" },
  ],
  Labels: { a: "b" },
  State: "running",
  Status: "Up 3 hours",
  Mounts: [],
};
const image = {
  Id: `sha256:${id}`,
  RepoTags: ["localhost:5000/team/app:v1", "app:latest"],
  RepoDigests: [],
  Created: hourAgo,
  Size: 4_432_100,
  Containers: 1,
};

async function listing(argv: string[]): Promise<string> {
  await using daemon = await FakeDaemon.start();
  daemon.on("GET /containers/json", [container]).on("GET /images/json", [image]);
  const { code, stdout, stderr } = await runCli(daemon, argv);
  assert.equal(stderr, "");
  assert.equal(code, 0);
  return stdout;
}

test("ps prints docker's table", async () => {
  assert.equal(
    await listing(["ps"]),
    "CONTAINER ID   IMAGE     COMMAND                  CREATED       STATUS       PORTS                          NAMES\n" +
      `0123456789ab   nginx:1   "nginx -g 'daemon of…"   3 hours ago   Up 3 hours   0.0.0.0:8080-8081->80-81/tcp   web\n`,
  );
});

test("ps -q prints ids, short or whole", async () => {
  assert.equal(await listing(["ps", "-q"]), "0123456789ab\n");
  assert.equal(await listing(["ps", "-q", "--no-trunc"]), `${id}\n`);
});

test("ps takes a template, with a heading when it is a table", async () => {
  assert.equal(await listing(["ps", "--format", '{{.Names}} {{.Label "a"}}']), "web b\n");
  assert.equal(
    await listing(["ps", "--format", "table {{.Names}}\\t{{.State}}"]),
    "NAMES     STATE\nweb       running\n",
  );
});

test("ps --json prints what the daemon said, ps --format json a row as a line", async () => {
  assert.deepEqual(JSON.parse(await listing(["ps", "--json"])), [container]);
  assert.equal(JSON.parse(await listing(["ps", "--format", "json"])).Names, "web");
});

test("ps passes filters and limits on, and shows sizes", async () => {
  await using daemon = await FakeDaemon.start();
  daemon.on("GET /containers/json", [container]);
  await runCli(daemon, ["ps", "-a", "-n", "3", "-f", "name=x", "-f", "name=y"]);
  const { query } = daemon.request("GET /containers/json");
  assert.deepEqual(JSON.parse(query.get("filters") ?? ""), { name: ["x", "y"] });
  assert.equal(query.get("limit"), "3");
  assert.equal(query.get("all"), "1");
  const sized = { ...container, SizeRw: 2_500_000, SizeRootFs: 12_500_000 };
  daemon.on("GET /containers/json", [sized]);
  const { stdout } = await runCli(daemon, ["ps", "-s", "--format", "{{.Size}}"]);
  assert.equal(stdout, "2.5MB (virtual 12.5MB)\n");
});

test("images has a row for each name, and a registry's port is no tag", async () => {
  assert.equal(
    await listing(["images"]),
    "REPOSITORY                TAG       IMAGE ID       CREATED       SIZE\n" +
      "localhost:5000/team/app   v1        0123456789ab   3 hours ago   4.43MB\n" +
      "app                       latest    0123456789ab   3 hours ago   4.43MB\n",
  );
  assert.match(await listing(["images", "--digests"]), /TAG +DIGEST +IMAGE ID/);
});

test("a table's columns are ten wide at least, with three spaces between", () => {
  assert.equal(
    formatTable([
      ["A", "B", "C"],
      ["longer than ten", "ü", "c"],
    ]),
    "A                 B         C\nlonger than ten   ü         c\n",
  );
});

test("ports that follow each other are shown as a range, others apart", () => {
  const port = (PrivatePort: number, PublicPort?: number, IP = "0.0.0.0") => ({
    PrivatePort,
    Type: "tcp",
    ...(PublicPort === undefined ? {} : { IP, PublicPort }),
  });
  assert.equal(describePorts([port(80), port(81)]), "80-81/tcp");
  assert.equal(
    describePorts([port(80, 9000, "::1"), port(81, 8000, "::1")]),
    "[::1]:9000->80/tcp, [::1]:8000->81/tcp",
  );
});

test("sizes are decimal for images and binary for memory", () => {
  assert.equal(decimalSize(999), "999B");
  assert.equal(decimalSize(77_812_345), "77.8MB");
  assert.equal(binarySize(1.5 * 1024 ** 3), "1.5GiB");
});
