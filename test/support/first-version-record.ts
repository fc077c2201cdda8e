/** A container as the first version of the state store kept it, with what `differs`. */
export function firstVersionRecord(differs: object) {
  return {
    id: "a1",
    name: "one",
    createdAt: "2026-01-01T00:00:00.000000000Z",
    imageId: "sha256:00",
    config,
    hostConfig,
    path: "sh",
    args: ["-c", "true"],
    mounts: [
      {
        ...{ Type: "bind", Source: "/srv", Destination: "/data", Mode: "ro", RW: false },
        Propagation: "rprivate",
      },
      {
        ...{ Type: "volume", Name: "data", Source: "/v", Destination: "/cache", Driver: "local" },
        ...{ Mode: "z", RW: true, Propagation: "", anonymous: true },
      },
    ],
    mac: "52:54:00:00:00:01",
    requestedPorts: [
      { containerPort: 80, protocol: "tcp", hostAddress: "0.0.0.0", hostPort: 8080 },
    ],
    ports: [] as object[],
    restartCount: 0,
    state: {
      ...{ kind: "exited", startedAt: "2026-01-01", finishedAt: "2026-01-01" },
      ...{ exitCode: 0, oomKilled: false, error: "" },
    } as object,
    start: { origin: "clone", madeTemplate: false, phases: [{ name: "plan", ms: 2.5 }] },
    ...differs,
  };
}

const config = {
  Hostname: "a1",
  Domainname: "",
  User: "",
  AttachStdin: false,
  AttachStdout: true,
  AttachStderr: true,
  Tty: false,
  OpenStdin: false,
  StdinOnce: false,
  Env: ["A=b"],
  Cmd: ["-c", "true"],
  Image: "busybox",
  Volumes: { "/cache": {} },
  WorkingDir: "",
  Entrypoint: ["sh"],
  Labels: { team: "x" },
  ExposedPorts: { "80/tcp": {} },
};

const hostConfig = {
  Binds: ["/srv:/data:ro"],
  Mounts: [],
  NetworkMode: "",
  PortBindings: { "80/tcp": [{ HostIp: "", HostPort: "8080" }] },
  PublishAllPorts: false,
  AutoRemove: false,
  CapAdd: [],
  CapDrop: [],
  Dns: [],
  DnsOptions: [],
  DnsSearch: [],
  ExtraHosts: [],
  GroupAdd: [],
  Privileged: false,
  ReadonlyRootfs: false,
  SecurityOpt: [],
  Tmpfs: {},
  ShmSize: 0,
  Sysctls: {},
  Memory: 0,
  NanoCpus: 0,
  PidsLimit: 0,
  Ulimits: [],
  Init: false,
  ConsoleSize: [0, 0],
  Dvm: {},
};
