import type { GivenSettings } from "../../daemon/given-settings.ts";
import { defaultSettings, type EngineSettings } from "../../engine/core.ts";

/** What settings lead to that is read once. */
export interface Read {
  seccomp: EngineSettings["containerDefaults"]["seccomp"];
  /** Of how the daemon is reached. */
  warnings: readonly string[];
}

/** What the engine needs to know of the daemon's settings. Pure. */
export function engineSettings(given: GivenSettings, { seccomp, warnings }: Read): EngineSettings {
  const { shutdownTimeoutSeconds } = defaultSettings;
  return {
    debug: given.boolean("debug") ?? false,
    labels: [...new Set(given.list("labels"))],
    logDefaults: {
      driver: given.text("log-driver") ?? defaultSettings.logDefaults.driver,
      options: given.map("log-opts"),
    },
    containerDefaults: containerDefaults(given, seccomp),
    registryMirrors: given.list("registry-mirrors").map((url) => `${url.replace(/\/$/, "")}/`),
    insecureRegistries: given.list("insecure-registries"),
    proxies: {
      httpProxy: given.text("http-proxy") ?? "",
      httpsProxy: given.text("https-proxy") ?? "",
      noProxy: given.text("no-proxy") ?? "",
    },
    publishAddress: given.text("ip") ?? defaultSettings.publishAddress,
    hostAccess: given.boolean("host-access") ?? defaultSettings.hostAccess,
    addressPools: given.pools("default-address-pools"),
    experimental: given.boolean("experimental") ?? false,
    liveRestore: given.boolean("live-restore") ?? true,
    shutdownTimeoutSeconds: given.number("shutdown-timeout") ?? shutdownTimeoutSeconds,
    ...transferLimits(given),
    warnings: [...warnings, ...oddSettings(given)].map((text) => `WARNING: ${text}`),
  };
}

function oddSettings(given: GivenSettings): string[] {
  return [
    ...((given.text("seccomp-profile") ?? "builtin") === "builtin"
      ? []
      : ["daemon is not using the default seccomp profile"]),
  ];
}

/** Zero means the default, as to dockerd. */
function transferLimits(given: GivenSettings) {
  const { maxConcurrentDownloads, maxConcurrentUploads, maxDownloadAttempts } = defaultSettings;
  return {
    maxConcurrentDownloads: given.number("max-concurrent-downloads") || maxConcurrentDownloads,
    maxConcurrentUploads: given.number("max-concurrent-uploads") || maxConcurrentUploads,
    maxDownloadAttempts: given.number("max-download-attempts") || maxDownloadAttempts,
  };
}

function containerDefaults(
  given: GivenSettings,
  seccomp: Read["seccomp"],
): EngineSettings["containerDefaults"] {
  const defaults = defaultSettings.containerDefaults;
  return {
    shmSizeBytes: given.number("default-shm-size") || defaults.shmSizeBytes,
    ulimits: given.ulimits("default-ulimits"),
    init: given.boolean("init") ?? defaults.init,
    noNewPrivileges: given.boolean("no-new-privileges") ?? defaults.noNewPrivileges,
    seccomp,
    ipcMode: given.text("default-ipc-mode") === "shareable" ? "shareable" : "private",
    cgroupnsMode: given.text("default-cgroupns-mode") === "host" ? "host" : "private",
  };
}
