import assert from "node:assert/strict";
import { chown, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { TestDaemon } from "../support/test-daemon.ts";

const image = "dvm-fixture:debian";
const timeout = 1_200_000;
const binaries = "PATH=$(echo /usr/lib/postgresql/*/bin):$PATH";
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start({ images: ["debian.docker.tar"] });
});
after(() => daemon?.[Symbol.asyncDispose]());

/** Where a database keeps what it is told: by the words of `-v`. */
const places: Record<string, () => Promise<string>> = {
  async "a volume"() {
    return "kept";
  },
  async "a bind"() {
    const folder = join(daemon.root, "bound");
    await mkdir(folder, { recursive: true });
    if (process.getuid?.() === 0) await chown(folder, 0, 0);
    return folder;
  },
  async "a volume of type disk"() {
    await daemon.succeeds(["volume", "create", "--opt", "type=disk", "--opt", "size=1g", "disk"]);
    return "disk";
  },
};

async function said(name: string, words: string[], wanted: RegExp): Promise<string> {
  const deadline = performance.now() + timeout / 2;
  for (;;) {
    const { stdout } = await daemon.dvm(["exec", name, ...words], { timeoutMs: 300_000 });
    if (wanted.test(stdout)) return stdout.trim();
    assert(performance.now() < deadline, `${words.join(" ")} said ${stdout}`);
    await delay(1000);
  }
}

/** As a host does that loses its power: nothing is synced. */
async function killMachine(name: string): Promise<void> {
  const pid = await daemon.succeeds(["inspect", "-f", "{{.State.Pid}}", name]);
  process.kill(Number(pid), "SIGKILL");
  await daemon.dvm(["wait", name]);
}

for (const [kind, place] of Object.entries(places))
  suite(`on ${kind}`, () => {
    test(
      "postgres keeps what it has committed through a stop and a crash",
      { timeout },
      async () => {
        const source = await place();
        const serve = `${binaries}; install -d -o postgres -m 700 /data/pg; exec setpriv --reuid postgres --regid postgres --init-groups sh -ec 'test -e /data/pg/PG_VERSION || initdb -D /data/pg -A trust; exec postgres -D /data/pg -k /tmp'`;
        const ask = (sql: string, wanted: RegExp) =>
          said("pg", ["sh", "-c", `psql -U postgres -h /tmp -Atc "${sql}"`], wanted);
        await daemon.succeeds([
          ...["run", "-d", "--name", "pg", "-m", "512m", "-v", `${source}:/data`, image],
          ...["sh", "-ec", serve],
        ]);
        await ask("create table if not exists t (n int)", /CREATE/);
        await ask("insert into t select generate_series(1, 1000)", /INSERT 0 1000/);
        await daemon.succeeds(["restart", "pg"]);
        assert.equal(await ask("select sum(n) from t", /\d/), "500500");
        await ask("insert into t values (1)", /INSERT 0 1/);
        await killMachine("pg");
        await daemon.succeeds(["start", "pg"]);
        assert.equal(await ask("select sum(n) from t", /\d/), "500501");
        await daemon.succeeds(["rm", "-f", "pg"]);
      },
    );

    test("redis keeps what it has said OK to, by a log that it syncs", { timeout }, async () => {
      const source = await place();
      const words = "--dir /data/redis --appendonly yes --appendfsync always --save ''";
      const serve = `install -d -o redis /data/redis; exec setpriv --reuid redis --regid redis --init-groups redis-server ${words}`;
      const ask = (line: string, wanted: RegExp) =>
        said("redis", ["sh", "-c", `redis-cli ${line}`], wanted);
      await daemon.succeeds([
        ...["run", "-d", "--name", "redis", "-v", `${source}:/data`, image, "sh", "-ec", serve],
      ]);
      for (let n = 0; n < 20; n += 1) await ask(`set key${n} ${n}`, /OK/);
      await killMachine("redis");
      await daemon.succeeds(["start", "redis"]);
      assert.equal(await ask("dbsize", /\d/), "20");
      assert.equal(await ask("get key19", /\d/), "19");
      await daemon.succeeds(["rm", "-f", "redis"]);
    });

    test("nginx serves what is put there while it runs", { timeout }, async () => {
      const source = await place();
      const web = ["-v", `${source}:/var/www/html`, image];
      await daemon.succeeds([
        ...["run", "-d", "--name", "web", ...web, "nginx", "-g", "daemon off;"],
      ]);
      await said("web", ["sh", "-c", "echo page > /var/www/html/new.html && echo made"], /made/);
      const get = `from urllib.request import urlopen; print(urlopen("http://127.0.0.1/new.html").read())`;
      assert.match(await said("web", ["python3", "-c", get], /page/), /page/);
      await daemon.succeeds(["rm", "-f", "web"]);
    });
  });
