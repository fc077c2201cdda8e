import type { Session } from "../session.ts";

const filters = (wanted: object) => encodeURIComponent(JSON.stringify(wanted));

export async function images(session: Session): Promise<void> {
  await session.call("POST /images/create?fromImage=busybox&tag=latest");
  await session.call("POST /images/create?fromImage=busybox&tag=latest", { note: "again" });
  await session.call("POST /images/create?fromImage=alpine:3.10");
  await session.call("POST /images/create?fromImage=hello-world", { note: "every tag" });
  await session.call("POST /images/create?fromImage=UPPER");
  await session.call("POST /images/create");
  await session.call("GET /images/json");
  await session.call("GET /v1.42/images/json");
  await session.call("GET /images/json?digests=1&all=1");
  await session.call("GET /images/json?shared-size=1");
  for (const wanted of [
    ...[
      { reference: ["busy*"] },
      { dangling: ["true"] },
      { dangling: ["maybe"] },
      { label: ["x"] },
    ],
    ...[{ before: ["alpine:3.10"] }, { since: ["nosuch"] }, { bogus: ["x"] }, { until: ["bad"] }],
    { reference: ["["] },
  ])
    await session.call(`GET /images/json?filters=${filters(wanted)}`, {
      note: JSON.stringify(wanted),
    });
  await session.call("GET /images/json?filters=nonsense");
  await session.call("GET /images/busybox/json");
  await session.call("GET /v1.44/images/busybox/json");
  await session.call("GET /v1.24/images/busybox/json");
  await session.call("GET /images/busybox/history");
  await session.call("GET /images/nosuch/json");
  await session.call("GET /images/nosuch/history");
  await session.call("GET /images/UPPER/json");
  await session.call("GET /distribution/busybox/json");
  await session.call("POST /images/busybox/tag?repo=copy/of&tag=1");
  await session.call("POST /images/busybox/tag?repo=Bad");
  await session.call("POST /images/busybox/tag?repo=a&tag=b%20c");
  await session.call("POST /images/nosuch/tag?repo=a");
  await session.call("POST /images/nosuch/push", { headers: { "x-registry-auth": "e30=" } });
  await session.call("DELETE /images/copy/of:1");
  await session.call("DELETE /images/nosuch");
  await session.call("GET /images/nosuch/get");
  await session.call("POST /images/load", { body: "no tar" });
  await session.call("POST /images/prune");
  await session.call(`POST /images/prune?filters=${filters({ bogus: ["x"] })}`, { note: "bogus" });
}

/** What still is in use, and what goes; after the containers. */
export async function imagesInUse(session: Session): Promise<void> {
  await session.prepare("POST /containers/create?name=user-of-alpine", {
    body: { Image: "alpine:3.10" },
  });
  await session.call("DELETE /images/alpine:3.10");
  await session.call("DELETE /images/alpine:3.10?force=1");
  await session.call("GET /containers/json?all=1", { note: "its image was untagged" });
  await session.prepare("DELETE /containers/user-of-alpine");
  await session.call("DELETE /images/hello-world");
}
