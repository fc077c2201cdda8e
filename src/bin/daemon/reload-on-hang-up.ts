import { hostname } from "node:os";
import { describeError } from "../../base/errors.ts";
import type { DaemonLog } from "../../daemon/daemon-log.ts";
import type { GivenSettings } from "../../daemon/given-settings.ts";
import type { Engine, EngineSettings } from "../../engine/core.ts";
import { engineSettings, type Read } from "./engine-settings.ts";
import { reloadedSettings } from "./reload-settings.ts";

/** What counts now; its parts are replaced as a whole. */
export interface SettingsState {
  given: GivenSettings;
  engine: EngineSettings;
  /** What no reload changes. */
  read: Read;
}

interface Reloading {
  engine: Engine;
  log: DaemonLog;
  state: SettingsState;
  load: () => Promise<GivenSettings>;
}

/** Reads settings again at each SIGHUP. Faulty ones change nothing, and are told in the log. */
export function reloadOnHangUp(reloading: Reloading): Disposable {
  let last = Promise.resolve();
  const reload = (): void => {
    last = last.then(() => reloadNow(reloading));
  };
  process.on("SIGHUP", reload);
  return { [Symbol.dispose]: () => process.off("SIGHUP", reload) };
}

async function reloadNow({ engine, log, state, load }: Reloading): Promise<void> {
  log.write("Got signal to reload configuration");
  try {
    state.given = reloadedSettings(state.given, await load());
  } catch (error) {
    log.write(`Error reloading configuration: ${describeError(error)}`, "error");
    return;
  }
  state.engine = engineSettings(state.given, state.read);
  log.settings = {
    level: state.given.text("log-level"),
    format: state.given.text("log-format"),
    debug: state.engine.debug,
  };
  const attributes = reloadAttributes(state.engine);
  engine.events.emit("daemon", "reload", engine.identity.id, attributes);
  log.write("Reloaded configuration", "info", attributes);
}

/** As dockerd's event has them. */
function reloadAttributes(settings: EngineSettings): Record<string, string> {
  return {
    debug: String(settings.debug),
    "default-runtime": "dvm",
    features: "map[]",
    "insecure-registries": JSON.stringify(settings.insecureRegistries),
    labels: JSON.stringify(settings.labels),
    "live-restore": String(settings.liveRestore),
    "max-concurrent-downloads": String(settings.maxConcurrentDownloads),
    "max-concurrent-uploads": String(settings.maxConcurrentUploads),
    "max-download-attempts": String(settings.maxDownloadAttempts),
    name: hostname(),
    "registry-mirrors": JSON.stringify(settings.registryMirrors),
    runtimes: "dvm:dvm",
    "shutdown-timeout": String(settings.shutdownTimeoutSeconds),
  };
}
