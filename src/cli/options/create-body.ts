import { isAbsolute } from "node:path";
import { DvmError } from "../../base/errors.ts";
import type { JsonObject } from "../../client/json.ts";
import type { ParsedFlags } from "../flags.ts";
import { keyValues, readEnvironment, readLabels } from "./environment.ts";
import { deviceFields } from "./device-flags.ts";
import { healthcheck } from "./health-flags.ts";
import { namespaceFields, readLink } from "./namespace-flags.ts";
import { networkingConfig, networkMode } from "./network-flags.ts";
import { readRestartPolicy, resourceFields } from "./resource-flags.ts";
import { securityFields } from "./security-options.ts";
import { parseMount, readTmpfs, readVolumes } from "./mounts.ts";
import { readPorts } from "./ports.ts";
import { parseBytes } from "../../base/parse-sizes.ts";
import { parseUlimit } from "../../base/parse-ulimit.ts";
import { readExtraHost } from "./value-checks.ts";

export interface Surroundings {
  environment: Record<string, string | undefined>;
  cwd: string;
  /** Size of the terminal that will be attached. */
  terminal: { rows: number; columns: number } | undefined;
}

/** Which of the container's streams the caller attaches to. */
export interface Attached {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
}

/** What `-a`, `-i` and `-d` together mean, as docker has it. */
export function attachedStreams(flags: ParsedFlags): Attached {
  if (flags.boolean("detach")) return { stdin: false, stdout: false, stderr: false };
  const named = flags.list("attach").map((name) => name.toLowerCase());
  if (named.length === 0)
    return { stdin: flags.boolean("interactive"), stdout: true, stderr: true };
  return {
    stdin: named.includes("stdin"),
    stdout: named.includes("stdout"),
    stderr: named.includes("stderr"),
  };
}

/** The body of `POST /containers/create` that these flags and arguments ask for. */
export async function createBody(
  flags: ParsedFlags,
  [image = "", ...command]: readonly string[],
  surroundings: Surroundings,
): Promise<JsonObject> {
  checkConflicts(flags);
  const attached = attachedStreams(flags);
  const volumes = readVolumes(flags.list("volume"), surroundings.cwd);
  const ports = readPorts(flags.list("publish"), flags.list("expose"));
  const environment = await readEnvironment(
    flags.list("env-file"),
    flags.list("env"),
    surroundings.environment,
  );
  const entrypoint = flags.text("entrypoint");
  const labels = await readLabels(flags.list("label-file"), flags.list("label"));
  return compact({
    Image: image,
    Cmd: command.length > 0 ? command : undefined,
    Entrypoint: entrypoint === undefined ? undefined : [entrypoint],
    Env: environment,
    Hostname: flags.text("hostname"),
    Domainname: flags.text("domainname"),
    User: flags.text("user"),
    WorkingDir: workingFolder(flags.text("workdir")),
    Labels: { ...labels, ...egressLabels(flags.list("egress")) },
    Tty: flags.boolean("tty"),
    OpenStdin: flags.boolean("interactive"),
    // a terminal stays when its reader detaches; its end of input is a key
    StdinOnce: flags.boolean("interactive") && attached.stdin && !flags.boolean("tty"),
    AttachStdin: attached.stdin,
    AttachStdout: attached.stdout,
    AttachStderr: attached.stderr,
    StopSignal: flags.text("stop-signal"),
    StopTimeout: flags.integer("stop-timeout"),
    ExposedPorts: ports.exposed,
    Volumes: volumes.anonymous,
    Healthcheck: healthcheck(flags),
    NetworkingConfig: networkingConfig(flags, flags.list("link").map(readLink)),
    HostConfig: {
      ...compact({
        ...hostConfig(flags, surroundings),
        Binds: volumes.binds,
        PortBindings: ports.bindings,
      }),
      ...(await securityFields(flags.list("security-opt"), surroundings.cwd)),
    },
  });
}

/** What it may reach is said by a label, as in compose files. */
function egressLabels(rules: readonly string[]): Record<string, string> {
  return rules.length === 0 ? {} : { "dvm.egress.allow": rules.join(",") };
}

function checkConflicts(flags: ParsedFlags): void {
  const policy = readRestartPolicy(flags.text("restart") ?? "").Name;
  if (flags.boolean("rm") && policy !== "" && policy !== "no")
    throw new DvmError("invalid", "conflicting options: cannot specify both --restart and --rm");
}

function hostConfig(flags: ParsedFlags, { cwd, terminal }: Surroundings): JsonObject {
  const shmSize = flags.text("shm-size");
  return {
    ...resourceFields(flags),
    ...deviceFields(flags),
    ...namespaceFields(flags),
    AutoRemove: flags.boolean("rm"),
    NetworkMode: networkMode(flags),
    PublishAllPorts: flags.boolean("publish-all"),
    ReadonlyRootfs: flags.boolean("read-only"),
    Privileged: flags.boolean("privileged"),
    Init: flags.has("init") ? flags.boolean("init") : undefined,
    CapAdd: flags.list("cap-add"),
    CapDrop: flags.list("cap-drop"),
    GroupAdd: flags.list("group-add"),
    Dns: flags.list("dns").map((address) => address.trim()),
    DnsOptions: flags.list("dns-option"),
    DnsSearch: flags.list("dns-search"),
    ExtraHosts: flags.list("add-host").map(readExtraHost),
    ShmSize: shmSize === undefined ? undefined : parseBytes(shmSize),
    Sysctls: keyValues(flags.list("sysctl")),
    Tmpfs: readTmpfs(flags.list("tmpfs")),
    Mounts: flags.list("mount").map((specification) => parseMount(specification, cwd)),
    Ulimits: flags.list("ulimit").map(parseUlimit),
    ConsoleSize: terminal === undefined ? undefined : [terminal.rows, terminal.columns],
    Dvm: {
      ...machineChoice(flags),
      ...(flags.boolean("no-template") ? { NoTemplate: true } : {}),
      ...(flags.integer("room") === undefined ? {} : { Room: flags.integer("room") }),
    },
  };
}

/** DVM's own field of HostConfig. */
export function machineChoice(flags: ParsedFlags): JsonObject {
  return compact({ Kernel: flags.text("kernel"), Accelerator: flags.text("accel") });
}

/** Leaves out what wasn't asked for, so that the daemon's defaults hold. */
function compact(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => !isEmpty(value)));
}

function isEmpty(value: unknown): boolean {
  if (value === undefined) return true;
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

function workingFolder(path: string | undefined): string | undefined {
  if (path === undefined || path === "" || isAbsolute(path)) return path;
  throw new DvmError(
    "invalid",
    `the working directory '${path}' is invalid, it needs to be an absolute path`,
  );
}
