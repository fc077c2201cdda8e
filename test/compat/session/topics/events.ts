import type { Session } from "../session.ts";

const Image = "busybox";
const filters = (wanted: object) => encodeURIComponent(JSON.stringify(wanted));

/** What is announced of a whole life, to clients of today and of 2016. */
export async function events(session: Session): Promise<void> {
  const since = Date.now() / 1000;
  const body = { Image, Cmd: ["sleep", "1000"], Labels: { told: "yes" } };
  await session.prepare("POST /containers/create?name=told", { body });
  await session.prepare("POST /containers/told/start");
  await session.prepare("POST /containers/told/rename?name=told-more");
  await session.prepare("POST /containers/told-more/pause");
  await session.prepare("POST /containers/told-more/unpause");
  await session.prepare("POST /containers/told-more/kill?signal=KILL");
  await session.prepare("POST /containers/told-more/wait");
  await session.prepare("POST /images/busybox/tag?repo=told");
  await session.prepare("DELETE /images/told");
  await session.prepare("POST /volumes/create", { body: { Name: "told" } });
  await session.prepare("DELETE /volumes/told");
  await session.prepare("DELETE /containers/told-more");
  const window = `since=${since}&until=${Date.now() / 1000 + 1}`;
  for (const type of ["container", "image", "volume"])
    await session.call(`GET /events?${window}&filters=${filters({ type: [type] })}`, {
      name: `events of type ${type}`,
    });
  await session.call(`GET /v1.24/events?${window}&filters=${filters({ type: ["container"] })}`, {
    name: "events of containers by version 1.24",
  });
  for (const wanted of [
    { event: ["die"] },
    { label: ["told=yes"] },
    { container: ["told"] },
    { image: ["busybox"] },
  ])
    await session.call(
      `GET /events?${window}&filters=${filters({ type: ["container"], ...wanted })}`,
      {
        name: `events by ${JSON.stringify(wanted)}`,
      },
    );
  await session.call(`GET /events?until=1&filters=${filters({ bogus: ["x"] })}`, { note: "bogus" });
  await session.call("GET /events?since=x&until=1");
  await session.call("GET /events?until=1&filters=nonsense");
}
