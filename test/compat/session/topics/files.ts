import { makeTar } from "../../../support/tar.ts";
import type { Session } from "../session.ts";

const Image = "busybox";
const script =
  "mkdir -p /made/in; echo text >/made/file; ln -s file /made/link; rm /etc/group; echo x >>/etc/passwd";
const tar = makeTar([{ path: "put", content: "what is put\n" }]);
const asTar = { headers: { "content-type": "application/x-tar" } };

/** Files in and out of a container, what changed in it, and images of it. */
export async function files(session: Session): Promise<void> {
  await session.prepare("POST /containers/create?name=files", {
    body: { Image, Cmd: ["sh", "-c", script] },
  });
  await session.prepare("POST /containers/files/start");
  await session.prepare("POST /containers/files/wait");
  await session.call("GET /containers/files/changes");
  for (const path of [
    "/made",
    "/made/",
    "/made/.",
    "/made/file",
    "/made/link",
    "/nosuch",
    "/made/file/",
    "",
  ]) {
    await session.call(`HEAD /containers/files/archive?path=${path}`);
    await session.call(`GET /containers/files/archive?path=${path}`);
  }
  await session.call("GET /containers/files/archive");
  for (const path of ["/made/in", "/nosuch", "/made/file"])
    await session.call(`PUT /containers/files/archive?path=${path}`, { body: tar, ...asTar });
  await session.call("PUT /containers/files/archive?path=/made", {
    ...{ body: makeTar([{ path: "in", content: "no folder" }]), note: "a file onto a folder" },
    ...asTar,
  });
  await session.call("PUT /containers/files/archive?path=/made&noOverwriteDirNonDir=1", {
    ...{ body: makeTar([{ path: "in", content: "no folder" }]), ...asTar },
  });
  await session.call("PUT /containers/files/archive?path=/", {
    body: "no tar",
    note: "no tar",
    ...asTar,
  });
  await session.call("GET /containers/files/export");
  await commits(session);
}

async function commits(session: Session): Promise<void> {
  const changes = [
    'CMD ["a"]',
    "ENV B=c",
    "EXPOSE 80",
    "LABEL l=m",
    "USER 5",
    "VOLUME /v",
    "WORKDIR /w",
  ];
  const query = changes.map((line) => `changes=${encodeURIComponent(line)}`).join("&");
  await session.call(
    `POST /commit?container=files&repo=committed&tag=1&author=me&comment=why&${query}`,
    {
      body: {},
    },
  );
  await session.call("GET /images/committed:1/json");
  await session.call("GET /images/committed:1/history");
  await session.call("POST /commit?container=files&repo=BAD", { body: {} });
  await session.call("POST /commit?container=files&changes=RUN%20x", { body: {} });
  await session.call(
    "POST /commit?container=files&changes=ONBUILD%20RUN%20x&repo=committed&tag=2",
    {
      body: {},
    },
  );
  await session.call("GET /images/committed:2/json");
  for (const tag of ["1", "2"]) await session.call(`DELETE /images/committed:${tag}`);
}
