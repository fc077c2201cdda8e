import type { Session } from "../session.ts";

const Image = "busybox";
const filters = (wanted: object) => encodeURIComponent(JSON.stringify(wanted));

export async function volumes(session: Session): Promise<void> {
  await session.call("GET /volumes", { note: "none" });
  await session.call("POST /volumes/create", { body: { Name: "data", Labels: { a: "b" } } });
  await session.call("POST /volumes/create", { body: { Name: "data" }, note: "again" });
  const wrong: Record<string, unknown> = {
    "no driver": { Name: "x", Driver: "nosuch" },
    "a name": { Name: "a/b" },
    "an option": { Name: "x", DriverOpts: { bogus: "1" } },
    "a type": { Name: 5 },
    "no JSON": "{",
  };
  for (const [note, body] of Object.entries(wrong))
    await session.call("POST /volumes/create", { body, note });
  await session.call("GET /volumes/data");
  await session.call("GET /volumes/nosuch");
  await session.prepare("POST /containers/create?name=mounts", {
    body: {
      ...{ Image, Cmd: ["sh", "-c", "echo kept >/data/file"], Volumes: { "/anonymous": {} } },
      HostConfig: {
        Binds: ["data:/data", "/usr:/host:ro"],
        Mounts: [
          { Type: "volume", Source: "other", Target: "/other" },
          { Type: "tmpfs", Target: "/scratch", TmpfsOptions: { SizeBytes: 1048576 } },
        ],
      },
    },
  });
  await session.call("GET /containers/mounts/json");
  await options(session);
  await session.prepare("POST /containers/mounts/start");
  await session.prepare("POST /containers/mounts/wait");
  await session.call("GET /volumes");
  for (const wanted of [
    ...[{ name: ["dat"] }, { label: ["a=b"] }, { dangling: ["true"] }, { driver: ["local"] }],
    ...[{ dangling: ["x"] }, { bogus: ["x"] }],
  ])
    await session.call(`GET /volumes?filters=${filters(wanted)}`, { note: JSON.stringify(wanted) });
  await session.call("GET /containers/json?all=1", { note: "with mounts" });
  await session.call(`GET /containers/json?all=1&filters=${filters({ volume: ["data"] })}`, {
    note: "by volume",
  });
  await session.call("DELETE /volumes/data", { note: "in use" });
  await session.call("DELETE /volumes/data?force=1", { note: "in use" });
  await session.call("DELETE /containers/mounts?v=1");
  await session.call("DELETE /volumes/data");
  await session.call("DELETE /volumes/data", { note: "gone" });
  await session.call("DELETE /volumes/data?force=1", { note: "gone" });
  await session.call("POST /volumes/prune");
  await session.call(`POST /volumes/prune?filters=${filters({ all: ["true"] })}`, { note: "all" });
  await session.call(`POST /volumes/prune?filters=${filters({ bogus: ["true"] })}`, {
    note: "bogus",
  });
}

async function options(session: Session): Promise<void> {
  const cases: Record<string, object> = {
    labels: { VolumeOptions: { Labels: { c: "d" } } },
    "a part": { VolumeOptions: { Subpath: "in" } },
    "nothing copied": { VolumeOptions: { NoCopy: true } },
    driver: { VolumeOptions: { DriverConfig: { Name: "nosuch" } } },
    "options of a bind": { BindOptions: { Propagation: "rprivate" } },
    "read only": { ReadOnly: true },
    consistency: { Consistency: "cached" },
  };
  for (const [note, more] of Object.entries(cases)) {
    const mount = { Type: "volume", Source: "optional", Target: "/in", ...more };
    const body = { Image, HostConfig: { Mounts: [mount] } };
    const answer = await session.call("POST /containers/create?name=optional", { body, note });
    if (answer.status !== 201) continue;
    await session.call("GET /containers/optional/json", { note });
    await session.prepare("DELETE /containers/optional?v=1");
    await session.call("DELETE /volumes/optional", { note });
  }
}
