import type { Session } from "../session.ts";

const Image = "busybox";
const host = (HostConfig: object) => ({ Image, HostConfig });

/** Requests that Docker refuses, and how. */
const wrong: Record<string, unknown> = {
  "no JSON": "{",
  "an empty body": "",
  "no image": {},
  "an image that is nowhere": { Image: "nosuch" },
  "a type": { Image, Cmd: 5 },
  "an environment": { Image, Env: ["=x"] },
  "a signal to stop by": { Image, StopSignal: "SIGNOTHING" },
  "a working folder": { Image, WorkingDir: "not/absolute" },
  "an exposed port": { Image, ExposedPorts: { "http/tcp": {} } },
  "a host name": { Image, Hostname: "a b" },
  "a health check's interval": { Image, Healthcheck: { Test: ["CMD", "x"], Interval: 5 } },
  "a restart policy": host({ RestartPolicy: { Name: "sometimes" } }),
  "retries of always": host({ RestartPolicy: { Name: "always", MaximumRetryCount: 3 } }),
  "restart and remove": host({ RestartPolicy: { Name: "always" }, AutoRemove: true }),
  "a memory limit": host({ Memory: 1 }),
  "swap below memory": host({ Memory: 67108864, MemorySwap: 33554432 }),
  "swap without memory": host({ MemorySwap: 67108864 }),
  "a reservation above memory": host({ Memory: 67108864, MemoryReservation: 134217728 }),
  swappiness: host({ MemorySwappiness: 200 }),
  "both ways of processors": host({ NanoCpus: 1e9, CpuPeriod: 100000 }),
  "too many processors": host({ NanoCpus: 1e12 }),
  "a period": host({ CpuPeriod: 5 }),
  "a quota": host({ CpuQuota: 5 }),
  "a set of processors": host({ CpusetCpus: "x" }),
  "processors that are not there": host({ CpusetCpus: "900" }),
  "a weight": host({ BlkioWeight: 5 }),
  "the size of shm": host({ ShmSize: -1 }),
  "an oom score": host({ OomScoreAdj: 5000 }),
  "a kind of ipc": host({ IpcMode: "bogus" }),
  "a kind of pid": host({ PidMode: "bogus" }),
  "a kind of uts": host({ UTSMode: "bogus" }),
  "a kind of users": host({ UsernsMode: "bogus" }),
  "a kind of cgroups": host({ CgroupnsMode: "bogus" }),
  "a network that is nowhere": host({ NetworkMode: "nosuch" }),
  "a network of nobody": host({ NetworkMode: "container:nosuch" }),
  "a bind": host({ Binds: ["x"] }),
  "a relative bind": host({ Binds: ["/a:b"] }),
  "a mode of a bind": host({ Binds: ["/a:/b:bogus"] }),
  "a kind of mount": host({ Mounts: [{ Type: "bogus", Target: "/x" }] }),
  "a mount without a target": host({ Mounts: [{ Type: "volume" }] }),
  "a bind mount of nothing": host({ Mounts: [{ Type: "bind", Source: "/nosuch", Target: "/x" }] }),
  "two mounts at one place": host({
    Binds: ["/tmp:/x"],
    Mounts: [{ Type: "tmpfs", Target: "/x" }],
  }),
  "a tmpfs's options": host({ Tmpfs: { "/x": "bogus" } }),
  "volumes of nobody": host({ VolumesFrom: ["nosuch"] }),
  "a link to nobody": host({ Links: ["nosuch:x"] }),
  "a port": host({ PortBindings: { "80/tcp": [{ HostPort: "99999" }] } }),
  "a port's address": host({ PortBindings: { "80/tcp": [{ HostIp: "x", HostPort: "1" }] } }),
  "a log driver": host({ LogConfig: { Type: "bogus" } }),
  "a log option": host({ LogConfig: { Type: "json-file", Config: { bogus: "1" } } }),
  "a size of logs": host({ LogConfig: { Type: "json-file", Config: { "max-size": "x" } } }),
  "a security option": host({ SecurityOpt: ["bogus"] }),
  "a seccomp profile": host({ SecurityOpt: ["seccomp={"] }),
  "a capability": host({ CapAdd: ["CAP_BOGUS"] }),
  "a runtime": host({ Runtime: "bogus" }),
  "a device rule": host({ DeviceCgroupRules: ["bogus"] }),
  "a storage option": host({ StorageOpt: { bogus: "1" } }),
  "a name server": host({ Dns: ["x"] }),
  "an extra host": host({ ExtraHosts: ["x"] }),
  "an annotation": host({ Annotations: { "": "x" } }),
  isolation: host({ Isolation: "hyperv" }),
};

export async function refusals(session: Session): Promise<void> {
  for (const [note, body] of Object.entries(wrong)) {
    const answer = await session.call("POST /containers/create?name=refused", { body, note });
    if (answer.status === 201) await session.prepare("DELETE /containers/refused?v=1");
  }
  for (const name of ["a", "-x", "a b", "x/y"])
    await session.call(`POST /containers/create?name=${encodeURIComponent(name)}`, {
      body: { Image },
    });
  await session.call("POST /containers/create", {
    ...{ note: "as a form", body: "Image=busybox" },
    headers: { "content-type": "application/x-www-form-urlencoded" },
  });
}

/** What inspect tells of containers that ask for nothing, for much, and by old versions. */
export async function fields(session: Session): Promise<void> {
  await create(session, "plain", { Image });
  await create(session, "privileged", host({ Privileged: true }));
  await create(session, "limits", {
    ...{ Image, Hostname: "h", Domainname: "d.test", User: "1:2", WorkingDir: "/work/in" },
    ...{
      Env: ["A=b", "EMPTY=", "UNSET"],
      Labels: { x: "y" },
      StopSignal: "SIGINT",
      StopTimeout: 3,
    },
    ...{ Cmd: ["a", "b"], Entrypoint: ["/bin/sh"], ExposedPorts: { "80/tcp": {}, "53/udp": {} } },
    ...{ Tty: true, OpenStdin: true, StdinOnce: true, AttachStdout: true },
    Healthcheck: { Test: ["CMD-SHELL", "true"], Interval: 5e9, Retries: 2 },
    HostConfig: {
      ...{ Memory: 134217728, MemorySwap: 268435456, MemoryReservation: 67108864, CpuShares: 512 },
      ...{ CpuPeriod: 50000, CpuQuota: 25000, PidsLimit: 64, ShmSize: 1048576, OomScoreAdj: 100 },
      ...{ Init: true, ReadonlyRootfs: true, CapAdd: ["net_admin"], CapDrop: ["CAP_CHOWN"] },
      ...{
        Ulimits: [{ Name: "nofile", Soft: 64, Hard: 128 }],
        Sysctls: { "net.core.somaxconn": "99" },
      },
      ...{ Dns: ["10.9.8.7"], DnsSearch: ["s.test"], DnsOptions: ["ndots:3"], GroupAdd: ["7"] },
      ...{ ExtraHosts: ["db:10.0.0.9"], Tmpfs: { "/scratch": "size=1m" }, Annotations: { a: "b" } },
      ...{ RestartPolicy: { Name: "on-failure", MaximumRetryCount: 2 }, IpcMode: "shareable" },
      PortBindings: { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "" }] },
      LogConfig: { Type: "json-file", Config: { "max-size": "1m", "max-file": "2" } },
    },
  });
  await session.call("GET /containers/plain/json?size=1");
  await session.call("GET /v1.24/containers/plain/json");
  await session.call("GET /v1.43/containers/plain/json");
  await session.call("GET /containers/json?all=1", { note: "created ones" });
  await session.call("GET /v1.24/containers/json?all=1", { note: "created ones" });
}

async function create(session: Session, name: string, body: object): Promise<void> {
  await session.call(`POST /containers/create?name=${name}`, { body });
  await session.call(`GET /containers/${name}/json`);
}
