import type { RefusedOption } from "./daemon-option.ts";

type Kind = RefusedOption["kind"];

/** Those that share a reason: `key` or `key=flag`, with values that are taken. */
function refused(kind: Kind, why: string, ...keys: (string | [string, ...unknown[]])[]) {
  return keys.map((given): RefusedOption => {
    const [named, ...taken] = typeof given === "string" ? [given] : given;
    const [key = "", flag] = named.split("=");
    return { key, ...(flag === undefined ? {} : { flag }), kind, why, taken };
  });
}

const network = "a machine's network is its own, and not the host's";
const swarm = "there is no swarm mode";
const runtime = "containers are run by machines, not by runtimes of the host";
const later = "DVM does not do that yet";

/** What dockerd takes and DVM doesn't do, and why. */
export const refusedOptions: readonly RefusedOption[] = [
  ...refused("text", network, "bridge", "fixed-cidr", "fixed-cidr-v6", "bip", "bip6"),
  ...refused("text", network, "default-gateway", "default-gateway-v6"),
  ...refused("integer", network, "mtu", "network-control-plane-mtu", "network-diagnostic-port"),
  ...refused(
    "boolean",
    network,
    ...(["iptables", "ip6tables", "ip-forward", "ip-masq", "ip-forward-no-drop"] as const).map(
      (key): [string, boolean] => [key, false],
    ),
    ...["ipv6", "allow-direct-routing"].map((key): [string, boolean] => [key, false]),
    ...["icc", "userland-proxy"].map((key): [string, boolean] => [key, true]),
  ),
  ...refused("text", network, "userland-proxy-path", "host-gateway-ip"),
  ...refused("list", network, "host-gateway-ips=host-gateway-ip"),
  ...refused("map", network, "default-network-opts=default-network-opt"),
  ...refused("text", swarm, "swarm-default-advertise-addr"),
  ...refused("integer", swarm, "swarm-raft-heartbeat-tick", "swarm-raft-election-tick"),
  ...refused("list", swarm, "node-generic-resources=node-generic-resource"),
  ...refused("map", runtime, "runtimes=add-runtime"),
  ...refused("text", runtime, "containerd", "containerd-namespace", "init-path", "default-init"),
  ...refused(
    "text",
    runtime,
    "containerd-plugin-namespace=containerd-plugins-namespace",
    "cgroup-parent",
  ),
  ...refused("boolean", runtime, ["cri-containerd", false]),
  ...refused("list", runtime, "exec-opts=exec-opt", "cdi-spec-dirs=cdi-spec-dir"),
  ...refused("integer", runtime, "cpu-rt-period", "cpu-rt-runtime"),
  ...refused("text", "images are EROFS disks", ["storage-driver", "erofs"]),
  ...refused("list", "images are EROFS disks", "storage-opts=storage-opt"),
  ...refused("list", "there are no plugins", "authorization-plugins=authorization-plugin"),
  ...refused("text", "root of a machine is no user of the host", "userns-remap"),
  ...refused("boolean", "DVM runs as whoever starts it", ["rootless", false]),
  ...refused("boolean", "machines have no SELinux", ["selinux-enabled", false]),
  ...refused("map", later, "features=feature"),
  ...refused("map", later, "builder"),
  ...refused("text", later, "resolv-conf"),
  ...refused("text", "dockerd has dropped it, too", "api-cors-header"),
];
