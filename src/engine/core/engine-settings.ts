/**
 * How the engine was told to work: what a configuration file and flags say, as plain data. Asked for
 * anew at each use, as a reload changes it.
 */
export interface EngineSettings {
  debug: boolean;
  /** Of the daemon itself, as `key=value`. */
  labels: readonly string[];
  /** Where containers log that name no driver of their own, and with which options. */
  logDefaults: { driver: string; options: Readonly<Record<string, string>> };
  /** What containers get that ask for nothing else. */
  containerDefaults: ContainerDefaults;
  registryMirrors: readonly string[];
  /** Hosts, hosts with a port, networks. */
  insecureRegistries: readonly string[];
  proxies: { httpProxy: string; httpsProxy: string; noProxy: string };
  /** Where ports of the network `bridge` are published that name no address of the host. */
  publishAddress: string;
  /** Whether all containers reach the host by what `host-gateway` gives, not only who asks for it. */
  hostAccess: boolean;
  addressPools: readonly { base: string; size: number }[];
  experimental: boolean;
  /** Whether containers go on when the daemon ends. */
  liveRestore: boolean;
  /** How long containers may take to stop with the daemon, when they don't go on; -1: for ever. */
  shutdownTimeoutSeconds: number;
  maxConcurrentDownloads: number;
  maxConcurrentUploads: number;
  maxDownloadAttempts: number;
  /** What whoever asks how the daemon is must know, in `GET /info`. */
  warnings: readonly string[];
}

export interface ContainerDefaults {
  shmSizeBytes: number;
  ulimits: readonly { Name: string; Soft: number; Hard: number }[];
  init: boolean;
  noNewPrivileges: boolean;
  /** By what `info` calls it, and as a container asks for it: empty, `unconfined`, or its JSON. */
  seccomp: { name: string; profile: string };
  ipcMode: "private" | "shareable";
  cgroupnsMode: "private" | "host";
}

/** As dockerd's, without a file or flags. */
export const defaultSettings: EngineSettings = {
  debug: false,
  labels: [],
  logDefaults: { driver: "json-file", options: {} },
  containerDefaults: {
    shmSizeBytes: 64 * 2 ** 20,
    ulimits: [],
    init: false,
    noNewPrivileges: false,
    seccomp: { name: "builtin", profile: "" },
    ipcMode: "private",
    cgroupnsMode: "private",
  },
  registryMirrors: [],
  insecureRegistries: [],
  proxies: { httpProxy: "", httpsProxy: "", noProxy: "" },
  publishAddress: "0.0.0.0",
  hostAccess: false,
  addressPools: [],
  experimental: false,
  liveRestore: true,
  shutdownTimeoutSeconds: 15,
  maxConcurrentDownloads: 3,
  maxConcurrentUploads: 5,
  maxDownloadAttempts: 5,
  warnings: [],
};
