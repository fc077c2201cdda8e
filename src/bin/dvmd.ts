import { availableParallelism, totalmem } from "node:os";
import { acceptConnections, buildServer } from "../api/server.ts";
import { describeError, DvmError } from "../base/errors.ts";
import { parseFlags, type ParsedFlags } from "../cli/flags.ts";
import { DaemonLog, type LogLevel } from "../daemon/daemon-log.ts";
import type { GivenSettings } from "../daemon/given-settings.ts";
import { notifySystemd } from "../daemon/systemd.ts";
import { Engine } from "../engine/core.ts";
import { keepClocks, reconcile, watchEgress } from "../engine/upkeep.ts";
import { exitProcess } from "../host/exit-process.ts";
import { places, settingsFolders, type Places } from "../host/places.ts";
import { claimRunRoot } from "./daemon/claim-run-root.ts";
import { daemonFlags, refusedFlags, startFlags } from "./daemon/daemon-flags.ts";
import { daemonSettings } from "./daemon/daemon-settings.ts";
import { engineParts } from "./daemon/engine-parts.ts";
import { engineSettings } from "./daemon/engine-settings.ts";
import { endContainers } from "./daemon/end-containers.ts";
import { loadSettings } from "./daemon/load-settings.ts";
import { listenAddresses, listenOptions, openListeners } from "./daemon/open-listeners.ts";
import { readSeccomp } from "./daemon/read-seccomp.ts";
import { reloadOnHangUp, type SettingsState } from "./daemon/reload-on-hang-up.ts";
import { serveMetrics } from "./daemon/serve-metrics.ts";

interface Daemon {
  flags: ParsedFlags;
  settings: GivenSettings;
  where: Places;
  environment: Record<string, string | undefined>;
}

/** The daemon: serves the API until it is told to end. Machines outlive it. */
async function main(): Promise<void> {
  const known = [...daemonFlags, ...refusedFlags, ...startFlags];
  const { flags } = parseFlags(process.argv.slice(2), known);
  const environment = { ...process.env };
  const settings = await loadSettings(flags, environment);
  const where = placesOf(flags, settings, environment);
  const daemon = { flags, settings, where, environment };
  if (flags.boolean("validate")) {
    await checkRest(daemon);
    process.stdout.write("configuration OK\n");
    return;
  }
  await using _claim = await claimRunRoot(where, settings.text("pidfile"));
  await serve(daemon);
}

function placesOf(
  flags: ParsedFlags,
  settings: GivenSettings,
  environment: Record<string, string | undefined>,
): Places {
  const socket = flags.text("at-socket");
  return places({
    dataRoot: flags.text("at-data-root") ?? settings.text("data-root"),
    runRoot: flags.text("at-run-root") ?? settings.text("exec-root"),
    environment: { ...environment, ...(socket === undefined ? {} : { DVM_HOST: socket }) },
    uid: process.getuid?.() ?? 0,
  });
}

/** What is looked at before anything is begun, beside the words themselves. */
async function checkRest({ flags, settings, where, environment }: Daemon) {
  const access = {
    ...{ settings, environment, socketPath: where.socketPath },
    alsoSocket: flags.boolean("at-socket-too"),
  };
  return {
    addresses: listenAddresses(access),
    listening: await listenOptions(access),
    seccomp: await readSeccomp(settings),
    own: daemonSettings({ environment, given: settings }, totalmem(), settingsFolders(environment)),
  };
}

async function serve(daemon: Daemon): Promise<void> {
  const { settings, where, environment, flags } = daemon;
  const log = new DaemonLog(logSettings(settings), (line) => console.error(line));
  const { addresses, listening, own, seccomp } = await checkRest(daemon);
  const state: SettingsState = {
    given: settings,
    engine: engineSettings(settings, { seccomp, warnings: [] }),
    read: { seccomp, warnings: [] },
  };
  await using engine = await Engine.open(
    await engineParts({
      ...{ where, own, environment, given: () => state.given, settings: () => state.engine },
      hostCpus: availableParallelism(),
      log: (message: string, level?: LogLevel) => log.write(message, level),
    }),
  );
  await reconcile(engine);
  using _clocks = keepClocks(engine);
  using _egress = watchEgress(engine);
  const app = buildServer(engine);
  await using metrics = await serveMetrics(engine, app, settings.text("metrics-addr"));
  const accept = await acceptConnections(app);
  const listeners = await openListeners({ addresses, runRoot: where.runRoot }, listening, accept);
  state.read = { seccomp, warnings: listeners.flatMap(({ warning }) => warning ?? []) };
  state.engine = engineSettings(state.given, state.read);
  for (const warning of state.engine.warnings) log.write(warning.replace("WARNING: ", ""), "warn");
  for (const { address } of listeners) log.write(`listening on ${address.replace("unix://", "")}`);
  if (metrics.address !== undefined) log.write(`metrics on ${metrics.address}`);
  using _reload = reloadOnHangUp({
    engine,
    log,
    state,
    load: () => loadSettings(flags, environment),
  });
  const ended = endSignal();
  await notifySystemd(environment, "READY=1", `MAINPID=${process.pid}`);
  await ended;
  await notifySystemd(environment, "STOPPING=1");
  if (!state.engine.liveRestore) await endContainers(engine);
  await Promise.all(listeners.map((listener) => listener[Symbol.asyncDispose]()));
  await app.close();
}

function logSettings(settings: GivenSettings) {
  return {
    level: settings.text("log-level"),
    format: settings.text("log-format"),
    debug: settings.boolean("debug") ?? false,
  };
}

function endSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve());
  });
}

try {
  await main();
  // machines live on, and with them the watch over their processes
  await exitProcess(0);
} catch (error) {
  const hint = error instanceof DvmError && error.hint !== undefined ? `\nhint: ${error.hint}` : "";
  console.error(`dvmd: ${describeError(error)}${hint}`);
  await exitProcess(error instanceof DvmError && error.code === "conflict" ? 3 : 1);
}
