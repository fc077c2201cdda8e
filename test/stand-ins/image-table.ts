/** An image that stands for a public one: what compose files rely on, of this host's Debian packages. */
export interface StandIn {
  /** All its names. */
  names: readonly string[];
  /** Which files it holds below its own: Debian with servers, that and Node, or busybox. */
  base: "debian" | "node" | "busybox";
  /** Its files: path in the image → path below this folder. */
  files?: Readonly<Record<string, string>>;
  /** Links: path in the image → target. */
  links?: Readonly<Record<string, string>>;
  /** As an image's configuration has them. */
  config: {
    Cmd?: readonly string[];
    Entrypoint?: readonly string[];
    Env?: readonly string[];
    ExposedPorts?: Readonly<Record<string, object>>;
    StopSignal?: string;
    User?: string;
    Volumes?: Readonly<Record<string, object>>;
    WorkingDir?: string;
  };
}

const entry = "/usr/local/bin/docker-entrypoint.sh";

/** Real servers, under the names by which compose files ask for them. */
const servers: readonly StandIn[] = [
  {
    names: ["postgres:17", "postgres:16-alpine"],
    base: "debian",
    files: { [entry]: "postgres/docker-entrypoint.sh" },
    config: {
      Entrypoint: ["docker-entrypoint.sh"],
      Cmd: ["postgres"],
      Env: ["PGDATA=/var/lib/postgresql/data"],
      ExposedPorts: { "5432/tcp": {} },
      Volumes: { "/var/lib/postgresql/data": {} },
      StopSignal: "SIGINT",
    },
  },
  {
    names: ["redis:8", "redis:7-alpine"],
    base: "debian",
    files: { [entry]: "redis/docker-entrypoint.sh" },
    config: {
      Entrypoint: ["docker-entrypoint.sh"],
      Cmd: ["redis-server"],
      ExposedPorts: { "6379/tcp": {} },
      Volumes: { "/data": {} },
      WorkingDir: "/data",
    },
  },
  {
    names: ["nginx:1.29", "nginx:alpine"],
    base: "debian",
    files: {
      [entry]: "nginx/docker-entrypoint.sh",
      "/etc/nginx/nginx.conf": "nginx/nginx.conf",
      "/etc/nginx/conf.d/default.conf": "nginx/default.conf",
    },
    config: {
      Entrypoint: ["docker-entrypoint.sh"],
      Cmd: ["nginx", "-g", "daemon off;"],
      ExposedPorts: { "80/tcp": {} },
      StopSignal: "SIGQUIT",
    },
  },
  { names: ["python:3.13-slim"], base: "debian", config: { Cmd: ["python3"] } },
  { names: ["node:24-slim"], base: "node", config: { Cmd: ["node"] } },
  { names: ["busybox:1.37"], base: "busybox", config: { Cmd: ["sh"] } },
];

/** A server that nobody packages for Debian, or that would be slow by emulation. */
export interface ServiceImage {
  name: string;
  /** Where it answers HTTP; with `/udp`, only told of. */
  ports: readonly string[];
  user?: string;
  volumes?: readonly string[];
}

/** What health checks call in such an image. */
const answering = [
  ...["curl", "healthcheck.sh", "mysqladmin", "mariadb-admin", "mongosh", "rabbitmq-diagnostics"],
  ...["kafka-topics", "airflow", "tootctl", "studio-ready"],
];

export function serviceImage({ name, ports, user, volumes = [] }: ServiceImage): StandIn {
  const empty = (keys: readonly string[]) => Object.fromEntries(keys.map((key) => [key, {}]));
  return {
    names: [name],
    base: "busybox",
    files: {
      "/bin/stand-in": "service/stand-in",
      "/bin/answers": "service/answers",
      "/bin/bash": "service/bash",
    },
    links: Object.fromEntries(answering.map((program) => [`/bin/${program}`, "answers"])),
    config: {
      Entrypoint: ["/bin/stand-in"],
      Env: [`STAND_IN_NAME=${name}`, `STAND_IN_PORTS=${ports.join(" ")}`],
      ExposedPorts: empty(ports.map((port) => (port.includes("/") ? port : `${port}/tcp`))),
      Volumes: empty(volumes),
      ...(user === undefined ? {} : { User: user }),
    },
  };
}

/** Of the examples; tests of other projects add services' images. */
export const standIns: readonly StandIn[] = servers;
