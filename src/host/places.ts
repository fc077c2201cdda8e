import { join } from "node:path";

/** Where DVM keeps things. All paths are absolute. */
export interface Places {
  /** Images, kernels, containers, volumes: what must survive. */
  dataRoot: string;
  /** Sockets, pid file, machines' run folders: what a reboot may clear. */
  runRoot: string;
  socketPath: string;
  pidFile: string;
}

interface PlacesInput {
  dataRoot?: string | undefined;
  runRoot?: string | undefined;
  environment: Record<string, string | undefined>;
  uid: number;
}

/** Flags beat `DVM_DATA_ROOT`, `DVM_RUN_ROOT` and `DVM_HOST`, which beat the defaults of the user. */
export function places(input: PlacesInput): Places {
  const { environment } = input;
  const dataRoot = input.dataRoot ?? environment["DVM_DATA_ROOT"] ?? defaultDataRoot(input);
  const runRoot = input.runRoot ?? environment["DVM_RUN_ROOT"] ?? defaultRunRoot(input);
  return {
    dataRoot,
    runRoot,
    socketPath: socketOf(environment["DVM_HOST"]) ?? join(runRoot, "dvm.sock"),
    pidFile: join(runRoot, "dvm.pid"),
  };
}

/** Folders of settings, a later one beating an earlier: the host's, the user's. */
export function settingsFolders(environment: Record<string, string | undefined>): string[] {
  return ["/etc/dvm", join(userSettings(environment), "dvm")];
}

/** Folders in docker's layout `certs.d`: docker's own and DVM's, the host's and the user's. */
export function certificateFolders(environment: Record<string, string | undefined>): string[] {
  const ofDocker = ["/etc/docker", join(userSettings(environment), "docker")];
  return [...ofDocker, ...settingsFolders(environment)].map((folder) => join(folder, "certs.d"));
}

function userSettings(environment: Record<string, string | undefined>): string {
  return environment["XDG_CONFIG_HOME"] || join(environment["HOME"] ?? "/", ".config");
}

function defaultDataRoot({ environment, uid }: PlacesInput): string {
  if (uid === 0) return "/var/lib/dvm";
  const home = environment["HOME"] ?? "/";
  return join(environment["XDG_DATA_HOME"] ?? join(home, ".local/share"), "dvm");
}

function defaultRunRoot({ environment, uid }: PlacesInput): string {
  if (uid === 0) return "/run/dvm";
  const runtime = environment["XDG_RUNTIME_DIR"];
  if (runtime !== undefined) return join(runtime, "dvm");
  return join(environment["TMPDIR"] ?? "/tmp", `dvm-${uid}`);
}

function socketOf(host: string | undefined): string | undefined {
  if (host === undefined || host === "") return undefined;
  return host.startsWith("unix://") ? host.slice("unix://".length) : host;
}
