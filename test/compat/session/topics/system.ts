import type { Session } from "../session.ts";

/** What an engine says of itself, and which versions and paths it knows. */
export async function system(session: Session): Promise<void> {
  for (const line of ["GET //_ping", "HEAD //_ping", "GET /_ping", "GET /version", "GET /info"])
    await session.call(line);
  for (const version of ["1.24", "1.44", "1.52", "1.99", "1.10", "0", "2.0"])
    await session.call(`GET /v${version}/version`, { note: "a version" });
  for (const line of [
    ...["GET //version", "GET //nowhere", "GET /nowhere", "GET /containers", "POST /_ping"],
    ...["DELETE /version", "OPTIONS /_ping", "OPTIONS /containers/json", "PATCH /info"],
    ...["GET //", "GET /containers/json/more", "PUT /containers/json"],
  ])
    await session.call(line);
  await session.call("POST /auth", { body: { username: "a" }, note: "no server" });
  await session.call("POST /auth", { body: "{", note: "broken JSON" });
  await session.call("GET /system/df");
  await session.call("GET /v1.41/system/df");
  await session.call("GET /system/df?type=bogus");
}

/** Swarm is off, there are no plugins. */
export async function off(session: Session): Promise<void> {
  for (const one of ["swarm", "services", "nodes", "tasks", "secrets", "configs"])
    await session.call(`GET /${one}`);
  for (const one of ["services/x", "nodes/x", "tasks/x", "secrets/x", "configs/x"])
    await session.call(`GET /${one}`);
  await session.call("POST /services/create", { body: { Name: "x" } });
  await session.call("POST /secrets/create", { body: { Name: "x", Data: "eA==" } });
  await session.call("POST /configs/create", { body: { Name: "x", Data: "eA==" } });
  await session.call("DELETE /services/x");
  await session.call("POST /swarm/leave");
  await session.call("GET /swarm/unlockkey");
  await session.call("GET /plugins");
  await session.call("GET /plugins/x/json");
  await session.call("DELETE /plugins/x");
  await session.call("POST /plugins/x/enable");
  await session.call("POST /build/prune");
}
