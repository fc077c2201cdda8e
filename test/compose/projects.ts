import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { composePlugin } from "../compat/clients/compose-clients.ts";
import { ComposeProject, eventually } from "../support/compose-project.ts";
import { TestDaemon } from "../support/test-daemon.ts";
import { standIns } from "../stand-ins/image-table.ts";
import { writeStandIns } from "../stand-ins/make-archive.ts";
import { serviceImages } from "./service-images.ts";

const timeout = 600_000;
const projects = import.meta.dirname;
/** Services that answer by way of their project's published port, and what they say. */
const answers: Readonly<
  Record<string, { service: string; port: number; host?: string; says: RegExp }>
> = {
  airflow: { service: "airflow-apiserver", port: 8080, says: /apache\/airflow/ },
  elastic: { service: "kibana", port: 5601, says: /kibana/ },
  gitea: { service: "server", port: 3000, says: /gitea/ },
  kafka: { service: "kafka-ui", port: 8080, says: /kafka-ui/ },
  mastodon: { service: "web", port: 3000, says: /mastodon/ },
  mattermost: { service: "mattermost", port: 8065, says: /mattermost/ },
  monitoring: { service: "grafana", port: 3000, says: /grafana/ },
  nextcloud: { service: "web", port: 80, says: /nextcloud/ },
  supabase: { service: "kong", port: 8000, says: /kong/ },
  traefik: { service: "reverse-proxy", port: 80, host: "whoami.docker.localhost", says: /whoami/ },
  vpn: { service: "gluetun", port: 8080, says: /qbittorrent/ },
  wordpress: { service: "wordpress", port: 80, says: /wordpress/ },
};
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start();
  const archive = join(daemon.root, "stand-ins.tar");
  await writeStandIns(archive, [...standIns, ...serviceImages]);
  await daemon.succeeds(["load", "-i", archive]);
});
after(() => daemon?.[Symbol.asyncDispose]());

test("each project has an answer that is looked for", async () => {
  const entries = await readdir(projects, { withFileTypes: true });
  const folders = entries.filter((one) => one.isDirectory()).map(({ name }) => name);
  assert.deepEqual(folders.sort(), Object.keys(answers));
});

for (const [name, { service, port, host, says }] of Object.entries(answers))
  test(`a project of the shape of ${name}'s comes up, answers and goes`, { timeout }, async () => {
    await using project = await ComposeProject.open(daemon, {
      folder: join(projects, name),
      client: await composePlugin(),
      environment: { DOCKER_SOCKET: join(daemon.root, "run/dvm.sock") },
    });
    await project.compose("up", "-d", "--wait");
    const address = await project.address(service, port);
    const words = ["-sS", "-m", "10", ...(host === undefined ? [] : ["-H", `Host: ${host}`])];
    const found = await eventually(
      async () => (await daemon.client("curl", [...words, `http://${address}/`], {})).stdout,
      (text) => says.test(text),
    );
    assert.match(found, says);
    const running = await project.compose("ps", "--services", "--status", "running");
    for (const one of (await project.compose("config", "--services")).trim().split("\n"))
      if (!one.endsWith("-init")) assert.match(running, new RegExp(`^${one}$`, "m"));
    assert.doesNotMatch(await project.compose("logs"), /cannot reach/);
  });
