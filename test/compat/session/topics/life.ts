import { asObject } from "../../../../src/client/json.ts";
import type { Session } from "../session.ts";

const Image = "busybox";
const untilStopped = "trap 'exit 7' TERM; sleep 1000 & echo ready; wait";
const filters = (wanted: object) => encodeURIComponent(JSON.stringify(wanted));

function stateIs(status: string): (body: unknown) => boolean {
  return (body) => asObject(asObject(body)["State"])["Status"] === status;
}

/** A container from create to remove, and what is refused on the way. */
export async function life(session: Session): Promise<void> {
  const body = { Image, Cmd: ["sh", "-c", untilStopped], Labels: { role: "life" } };
  await session.call("POST /containers/create?name=life", { body });
  await session.call("POST /containers/create?name=life", { body, note: "again" });
  for (const verb of ["pause", "unpause", "kill", "stop"])
    await session.call(`POST /containers/life/${verb}`, { note: "created" });
  await session.call("POST /containers/life/start");
  await session.call("POST /containers/life/start", { note: "running" });
  await session.until("GET /containers/life/logs?stdout=1", (text) =>
    /ready/.test(JSON.stringify(text)),
  );
  await session.call("GET /containers/life/json", { note: "running" });
  await session.call("GET /containers/json", { note: "running" });
  await session.call("GET /containers/life/top");
  await session.call("GET /containers/life/top?ps_args=-o%20pid,args");
  await session.call("GET /containers/life/stats?stream=0&one-shot=1");
  await session.call("POST /containers/life/unpause", { note: "running" });
  await session.call("DELETE /containers/life", { note: "running" });
  await session.call("POST /containers/life/rename?name=life");
  await session.call("POST /containers/life/rename?name=");
  await session.call("POST /containers/life/rename?name=renamed");
  await session.call("POST /containers/renamed/rename?name=life");
  await session.call("POST /containers/life/resize?h=10&w=20", { note: "no terminal" });
  await session.call("POST /containers/life/resize?h=x&w=20");
  await session.call("POST /containers/life/kill?signal=BOGUS");
  await session.call("POST /containers/life/kill?signal=URG");
  await paused(session);
  await session.call("POST /containers/life/stop?t=20");
  await session.call("POST /containers/life/stop", { note: "stopped" });
  await session.call("POST /containers/life/kill", { note: "stopped" });
  await session.call("GET /containers/life/json", { note: "stopped" });
  await session.call("GET /containers/life/top", { note: "stopped" });
  await session.call("GET /containers/life/stats?stream=0", { note: "stopped" });
  await session.call("POST /containers/life/wait", { note: "stopped" });
  await session.call("POST /containers/life/wait?condition=bogus");
  await session.call("POST /containers/life/restart?t=1");
  await session.call("POST /containers/life/kill", { note: "by KILL" });
  await session.until("GET /containers/life/json", stateIs("exited"));
  await session.call("DELETE /containers/life?v=1&force=1");
  await session.call("DELETE /containers/life", { note: "gone" });
}

async function paused(session: Session): Promise<void> {
  await session.call("POST /containers/life/pause");
  await session.call("POST /containers/life/pause", { note: "paused" });
  await session.call("GET /containers/life/json", { note: "paused" });
  await session.call("POST /containers/life/exec", { body: { Cmd: ["true"] }, note: "paused" });
  await session.call("POST /containers/life/start", { note: "paused" });
  await session.call("POST /containers/life/unpause");
}

/** Everything that there is to ask of a container, asked of one that isn't there. */
export async function nobody(session: Session): Promise<void> {
  for (const part of [
    "json",
    "top",
    "logs?stdout=1",
    "stats",
    "changes",
    "export",
    "archive?path=/",
  ])
    await session.call(`GET /containers/nobody/${part}`);
  for (const verb of ["start", "stop", "restart", "kill", "pause", "unpause", "wait", "attach"])
    await session.call(`POST /containers/nobody/${verb}`);
  await session.call("POST /containers/nobody/rename?name=x");
  await session.call("POST /containers/nobody/resize?h=1&w=1");
  await session.call("POST /containers/nobody/update", { body: {} });
  await session.call("POST /containers/nobody/exec", { body: { Cmd: ["x"] } });
  await session.call("POST /commit?container=nobody");
  await session.call("HEAD /containers/nobody/archive?path=/");
  await session.call("DELETE /containers/nobody");
}

/** How programs end, and what tells of it. */
export async function ends(session: Session): Promise<void> {
  const cases: Record<string, object> = {
    ends: { Cmd: ["true"] },
    fails: { Cmd: ["sh", "-c", "exit 3"] },
    "not-there": { Cmd: ["/nosuch"] },
    "no-program": { Cmd: ["/etc/passwd"] },
    "no-user": { Cmd: ["true"], User: "nosuch" },
    "killed-itself": { Cmd: ["sh", "-c", "kill -9 $$"] },
  };
  for (const [name, body] of Object.entries(cases)) {
    await session.prepare(`POST /containers/create?name=${name}`, { body: { Image, ...body } });
    await session.call(`POST /containers/${name}/start`);
    await session.call(`POST /containers/${name}/wait`);
    await session.call(`GET /containers/${name}/json`);
  }
  for (const wanted of [
    ...[{ exited: ["3"] }, { status: ["exited"] }, { name: ["fail"] }, { status: ["bogus"] }],
    ...[{ before: ["fails"] }, { since: ["fails"] }, { ancestor: ["busybox"] }, { exited: ["x"] }],
    ...[{ health: ["none"] }, { "is-task": ["false"] }, { bogus: ["x"] }, { before: ["nosuch"] }],
    ...[{ network: ["bridge"] }, { volume: ["/nosuch"] }, { expose: ["80"] }, { expose: ["x"] }],
  ])
    await session.call(`GET /containers/json?all=1&filters=${filters(wanted)}`, {
      note: JSON.stringify(wanted),
    });
  await session.call("GET /containers/json?limit=1");
  await session.call("GET /containers/json?limit=x");
  await session.call("GET /containers/json?filters=nonsense");
  await session.call("GET /containers/json?all=1&size=1");
  await session.call("POST /containers/prune");
  await session.call(`POST /containers/prune?filters=${filters({ bogus: ["x"] })}`, {
    note: "bogus",
  });
}

export async function update(session: Session): Promise<void> {
  await session.prepare("POST /containers/create?name=updated", {
    body: { Image, Cmd: ["sleep", "1000"], HostConfig: { Memory: 134217728 } },
  });
  await session.prepare("POST /containers/updated/start");
  const bodies: Record<string, object> = {
    memory: { Memory: 67108864, MemorySwap: 67108864 },
    processors: { CpuShares: 256, CpuPeriod: 100000, CpuQuota: 50000 },
    "a restart policy": { RestartPolicy: { Name: "on-failure", MaximumRetryCount: 4 } },
    "too little memory": { Memory: 1000 },
    "swap below": { Memory: 67108864, MemorySwap: 1048576 },
    pids: { PidsLimit: 99 },
    nothing: {},
    "a bad policy": { RestartPolicy: { Name: "bogus" } },
  };
  for (const [note, body] of Object.entries(bodies))
    await session.call("POST /containers/updated/update", { body, note });
  await session.call("GET /containers/updated/json");
  await session.call("POST /containers/updated/stop?t=0");
  await session.prepare("DELETE /containers/updated");
}
