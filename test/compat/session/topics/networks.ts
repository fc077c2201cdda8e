import type { Session } from "../session.ts";

const filters = (wanted: object) => encodeURIComponent(JSON.stringify(wanted));

export async function networks(session: Session): Promise<void> {
  await session.call("GET /networks");
  for (const name of ["bridge", "host", "none", "nosuch"])
    await session.call(`GET /networks/${name}`);
  await session.call("GET /networks/bridge?verbose=1");
  for (const wanted of [
    ...[{ name: ["bri"] }, { driver: ["null"] }, { type: ["builtin"] }, { type: ["custom"] }],
    ...[{ scope: ["local"] }, { type: ["x"] }, { bogus: ["x"] }, { dangling: ["true"] }],
  ])
    await session.call(`GET /networks?filters=${filters(wanted)}`, {
      note: JSON.stringify(wanted),
    });
  for (const name of ["bridge", "host", "nosuch"]) await session.call(`DELETE /networks/${name}`);
  for (const body of [
    { Name: "" },
    { Name: "host" },
    { Name: "x", Driver: "nosuch" },
    { Name: "-" },
  ])
    await session.call("POST /networks/create", { body, note: JSON.stringify(body) });
  await session.call("POST /networks/prune");
}
