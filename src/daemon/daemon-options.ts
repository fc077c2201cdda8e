import type { DaemonOption } from "./daemon-option.ts";

const access: readonly DaemonOption[] = [
  {
    ...{ key: "hosts", flag: "host", short: "H", kind: "list", value: "list" },
    summary: "Where to listen: unix://PATH, tcp://ADDRESS:PORT, fd:// (sockets of systemd's)",
  },
  {
    ...{ key: "group", short: "G", kind: "text" },
    summary: "Group that may use unix sockets",
  },
  {
    ...{ key: "socket-owner", kind: "text", value: "user" },
    summary: "User that unix sockets belong to",
  },
  {
    ...{ key: "socket-mode", kind: "text", value: "octal" },
    summary: "Mode of unix sockets (default 0600, with a group 0660)",
  },
  { key: "tls", kind: "boolean", summary: "Use TLS; implied by --tlsverify" },
  {
    ...{ key: "tlsverify", kind: "boolean" },
    summary: "Use TLS and take only clients with a certificate of the CA's",
  },
  {
    key: "tlscacert",
    kind: "text",
    value: "path",
    summary: "CA that clients' certificates are by",
  },
  { key: "tlscert", kind: "text", value: "path", summary: "The daemon's certificate" },
  { key: "tlskey", kind: "text", value: "path", summary: "The key of the daemon's certificate" },
  {
    ...{ key: "metrics-addr", kind: "text", value: "address:port" },
    summary: "Where to serve Prometheus' /metrics",
  },
];

const daemon: readonly DaemonOption[] = [
  {
    ...{ key: "config-file", flag: "config", kind: "text", value: "path", only: "flag" },
    summary:
      "The only configuration file (default /etc/dvm/config.json, then ~/.config/dvm/config.json)",
  },
  { key: "validate", kind: "boolean", only: "flag", summary: "Check the configuration and exit" },
  { key: "data-root", kind: "text", value: "path", summary: "Folder of images and containers" },
  {
    ...{ key: "exec-root", flag: "run-root", kind: "text", value: "path" },
    summary: "Folder of sockets and pid files",
  },
  {
    key: "pidfile",
    short: "p",
    kind: "text",
    value: "path",
    summary: "Where the daemon writes its pid, too",
  },
  { key: "debug", short: "D", kind: "boolean", summary: "Log as with --log-level debug" },
  {
    ...{ key: "log-level", short: "l", kind: "text" },
    summary: "What to log: debug, info, warn, error or fatal (default info)",
  },
  { key: "log-format", kind: "text", summary: "How to log: text or json (default text)" },
  { key: "raw-logs", kind: "boolean", summary: "Full times, no colours in the log, as always" },
  { key: "labels", flag: "label", kind: "list", summary: "Labels of the daemon, as key=value" },
  {
    ...{ key: "live-restore", kind: "boolean" },
    summary: "Whether containers go on when the daemon ends (default true)",
  },
  {
    ...{ key: "shutdown-timeout", kind: "integer" },
    summary: "Seconds that containers get to stop where they don't go on (default 15)",
  },
  { key: "experimental", kind: "boolean", summary: "Say that experimental features are on" },
  { key: "pool", kind: "integer", summary: "Machines that stand ready for each kind (0 to 64)" },
  { key: "templates", kind: "text", value: "on|off", summary: "Whether machines are cloned" },
  { key: "hypervisor", kind: "text", summary: "What runs machines" },
  {
    key: "policy",
    kind: "text",
    value: "path",
    summary: "Which images may be used (docs/trust.md)",
  },
];

const containers: readonly DaemonOption[] = [
  { key: "log-driver", kind: "text", summary: "Default driver of containers' logs" },
  { key: "log-opts", flag: "log-opt", kind: "map", summary: "Default options of that driver" },
  { key: "default-shm-size", kind: "size", value: "bytes", summary: "Default size of /dev/shm" },
  {
    ...{ key: "default-ulimits", flag: "default-ulimit", kind: "ulimits", value: "ulimit" },
    summary: "Default ulimits of containers",
  },
  { key: "default-ipc-mode", kind: "text", summary: "Default --ipc: private or shareable" },
  { key: "default-cgroupns-mode", kind: "text", summary: "Default --cgroupns: private or host" },
  { key: "default-runtime", kind: "text", summary: "Default runtime of containers (dvm)" },
  { key: "init", kind: "boolean", summary: "Run an init in containers" },
  { key: "no-new-privileges", kind: "boolean", summary: "Set no-new-privileges by default" },
  {
    ...{ key: "seccomp-profile", kind: "text", value: "path" },
    summary: "Default seccomp profile: builtin, unconfined or a file",
  },
  { key: "dns", kind: "list", summary: "Name servers of containers" },
  { key: "dns-opts", flag: "dns-opt", kind: "list", summary: "Resolver options of containers" },
  { key: "dns-search", kind: "list", summary: "Search domains of containers" },
  {
    ...{ key: "ip", kind: "text", value: "address" },
    summary: "Where ports of the network bridge are published that name no address (0.0.0.0)",
  },
  {
    ...{ key: "host-access", kind: "boolean" },
    summary: "Whether all containers reach this host by host-gateway (default: who asks for it)",
  },
  {
    ...{ key: "default-address-pools", flag: "default-address-pool", kind: "pools" },
    ...{ value: "pool", summary: "Addresses for networks, as base=10.10.0.0/16,size=24" },
  },
];

const registries: readonly DaemonOption[] = [
  {
    ...{ key: "registry-mirrors", flag: "registry-mirror", kind: "list" },
    summary: "Mirrors of Docker Hub, asked first",
  },
  {
    ...{ key: "insecure-registries", flag: "insecure-registry", kind: "list" },
    summary: "Registries without TLS, or with any certificate: hosts, host:port, networks",
  },
  { key: "max-concurrent-downloads", kind: "integer", summary: "Layers at once (default 3)" },
  { key: "max-concurrent-uploads", kind: "integer", summary: "Layers at once (default 5)" },
  { key: "max-download-attempts", kind: "integer", summary: "Tries of a request (default 5)" },
  { key: "http-proxy", kind: "text", value: "URL", only: "flag", summary: "Proxy for http://" },
  { key: "https-proxy", kind: "text", value: "URL", only: "flag", summary: "Proxy for https://" },
  { key: "no-proxy", kind: "text", only: "flag", summary: "Hosts that are reached without proxy" },
  { key: "proxies", kind: "proxies", only: "file", summary: "The three of the file" },
];

/** All that can be said to DVM's daemon. */
export const daemonOptions: readonly DaemonOption[] = [
  ...access,
  ...daemon,
  ...containers,
  ...registries,
];
