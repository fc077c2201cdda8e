import { asObject } from "../../../../src/client/json.ts";
import type { Session } from "../session.ts";

const Image = "busybox";
const filters = (wanted: object) => encodeURIComponent(JSON.stringify(wanted));

function state(body: unknown): Record<string, unknown> {
  return asObject(asObject(body)["State"]);
}

/** Containers that are started again by their policy. */
export async function restarts(session: Session): Promise<void> {
  const since = Date.now() / 1000;
  const RestartPolicy = { Name: "on-failure", MaximumRetryCount: 2 };
  await session.prepare("POST /containers/create?name=fails-thrice", {
    body: { Image, Cmd: ["sh", "-c", "echo once more; exit 3"], HostConfig: { RestartPolicy } },
  });
  await session.prepare("POST /containers/fails-thrice/start");
  await session.until(
    "GET /containers/fails-thrice/json",
    (body) => asObject(body)["RestartCount"] === 2 && state(body)["Status"] === "exited",
  );
  await session.call("GET /containers/fails-thrice/json");
  await session.call("GET /containers/fails-thrice/logs?stdout=1");
  const window = `since=${since}&until=${Date.now() / 1000 + 1}`;
  await session.call(`GET /events?${window}&filters=${filters({ container: ["fails-thrice"] })}`, {
    name: "events of a container that is started again",
  });
  await session.prepare("POST /containers/create?name=always", {
    body: {
      ...{ Image, Cmd: ["sh", "-c", "sleep 0.2; exit 1"] },
      HostConfig: { RestartPolicy: { Name: "always" } },
    },
  });
  await session.prepare("POST /containers/always/start");
  await session.until(
    "GET /containers/always/json",
    (body) => Number(asObject(body)["RestartCount"]) > 2,
  );
  await session.call("POST /containers/always/stop?t=1");
  await session.until("GET /containers/always/json", (body) => state(body)["Restarting"] === false);
  await session.call("POST /containers/always/start", { note: "stopped by hand" });
  await session.call("DELETE /containers/always?force=1");
}

/** A health check from starting to healthy to unhealthy. */
export async function health(session: Session): Promise<void> {
  const since = Date.now() / 1000;
  await session.prepare("POST /containers/create?name=checked", {
    body: {
      ...{ Image, Cmd: ["sh", "-c", "touch /well; sleep 1000"] },
      Healthcheck: {
        ...{ Test: ["CMD-SHELL", "echo looking; test -f /well"], Interval: 1e9, Timeout: 20e9 },
        Retries: 2,
      },
    },
  });
  const isIn = (wanted: string) => (body: unknown) =>
    asObject(state(body)["Health"])["Status"] === wanted;
  await session.call("GET /containers/checked/json", { note: "created" });
  await session.prepare("POST /containers/checked/start");
  await session.until("GET /containers/checked/json", isIn("healthy"));
  await session.call(`GET /containers/json?filters=${filters({ health: ["healthy"] })}`, {
    note: "healthy",
  });
  const { body } = await session.prepare("POST /containers/checked/exec", {
    body: { Cmd: ["rm", "/well"] },
  });
  await session.prepare(`POST /exec/${String(asObject(body)["Id"])}/start`, {
    body: { Detach: true },
  });
  await session.until("GET /containers/checked/json", isIn("unhealthy"));
  const ended = await session.prepare("GET /containers/checked/json");
  session.note("the state of an unhealthy container", firstOfLog(state(ended.body)));
  await session.prepare("POST /containers/checked/stop?t=0");
  await session.call("GET /containers/json?all=1", { note: "checked, and stopped" });
  const window = `since=${since}&until=${Date.now() / 1000 + 1}`;
  const wanted = { container: ["checked"], event: ["health_status"] };
  await session.call(`GET /events?${window}&filters=${filters(wanted)}`, {
    name: "events of a container's health",
  });
}

/** How many looks there were is a matter of time. */
function firstOfLog(told: Record<string, unknown>): unknown {
  const { Log, FailingStreak, ...rest } = asObject(told["Health"]);
  return {
    ...rest,
    failed: Number(FailingStreak) >= 2,
    last: Array.isArray(Log) ? Log.at(-1) : Log,
  };
}

/** What is shared with containers that are there already. */
export async function shared(session: Session): Promise<void> {
  await session.prepare("POST /containers/create?name=first", {
    body: {
      ...{ Image, Cmd: ["sleep", "1000"], Volumes: { "/shared": {} } },
      HostConfig: { Binds: ["shared-data:/named"] },
    },
  });
  await session.prepare("POST /containers/first/start");
  const cases: Record<string, object> = {
    volumes: { VolumesFrom: ["first"] },
    "volumes to read": { VolumesFrom: ["first:ro"] },
    "volumes with a wrong mode": { VolumesFrom: ["first:bogus"] },
    links: { Links: ["first:alias"] },
    "links of a wrong form": { Links: ["first:a:b"] },
    network: { NetworkMode: "container:first" },
    "network and ports": {
      NetworkMode: "container:first",
      PortBindings: { "80/tcp": [{ HostPort: "8099" }] },
    },
    "network and names": { NetworkMode: "container:first", ExtraHosts: ["a:1.2.3.4"] },
  };
  for (const [note, HostConfig] of Object.entries(cases)) {
    const body = { Image, Cmd: ["true"], HostConfig };
    const answer = await session.call("POST /containers/create?name=second", { body, note });
    if (answer.status !== 201) continue;
    await session.call("GET /containers/second/json", { note: `shares ${note}` });
    await session.prepare("DELETE /containers/second");
  }
  await session.prepare("DELETE /containers/first?force=1&v=1");
  await session.call("DELETE /volumes/shared-data");
}

/** Shapes of old versions, of things that run. */
export async function versions(session: Session): Promise<void> {
  await session.prepare("POST /containers/create?name=old", {
    body: {
      ...{ Image, Cmd: ["sleep", "1000"], ExposedPorts: { "80/tcp": {} } },
      HostConfig: { PortBindings: { "80/tcp": [{ HostPort: "" }] } },
    },
  });
  await session.prepare("POST /containers/old/start");
  for (const version of ["1.24", "1.30", "1.41", "1.43", "1.45", "1.48", "1.50"])
    for (const path of [
      "containers/old/json",
      "containers/json",
      "images/busybox/json",
      "info",
      "networks/bridge",
    ])
      await session.call(`GET /v${version}/${path}`, { note: "old" });
  await session.call("POST /v1.24/containers/create?name=old-made", {
    body: { Image, HostConfig: { ShmSize: 0, KernelMemory: 0 } },
  });
  await session.call("GET /containers/old-made/json");
  await session.call("POST /v1.24/containers/old/start", { body: { Binds: ["/x:/y"] } });
  await session.call("GET /v1.24/containers/old/top");
  await session.call("POST /v1.24/containers/old/kill?signal=KILL");
  await session.call("POST /v1.24/containers/old/wait");
}
