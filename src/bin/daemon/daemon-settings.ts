import { isAbsolute, join } from "node:path";
import { DvmError } from "../../base/errors.ts";
import type { GivenSettings } from "../../daemon/given-settings.ts";
import { defaultPoolSize, mostMachines, type PoolLimits } from "../../supply/pool-size.ts";
import type { PolicyPlace } from "../../image/trust/policy.ts";

/** Ready machines of all shapes together are at most so many times those of one. */
const poolShapes = 3;
const mostReady = 64;

/** How a daemon was told to work, beside where. */
export interface DaemonSettings {
  useTemplates: boolean;
  /** Machines are on networks of the switch, where the host allows it. */
  useSwitch: boolean;
  pool: PoolLimits;
  /** Name of the driver that runs machines; undefined: the first that is here. */
  hypervisor: string | undefined;
  trust: PolicyPlace;
}

/**
 * From flags and files (`templates`, `pool`, `hypervisor`, `policy`), else the environment:
 * `DVM_TEMPLATES` (`on`, `off`) and `DVM_POOL` (machines that stand ready for
 * each shape that was used lately; 0 for none), `DVM_SWITCH` (`on`, `off`), `DVM_HYPERVISOR` (what runs machines), `DVM_POLICY` (path of the policy that says which
 * images may be used; without it `policy.json` of the last settings folder that has one).
 */
export function daemonSettings(
  said: { environment: Record<string, string | undefined>; given: GivenSettings },
  hostMemoryBytes: number,
  settingsFolders: readonly string[],
): DaemonSettings {
  const environment = withGiven(said);
  const useTemplates = readSwitch("DVM_TEMPLATES", environment["DVM_TEMPLATES"]);
  const perShape = readPoolSize(environment["DVM_POOL"]) ?? defaultPoolSize(hostMemoryBytes);
  const size = useTemplates ? perShape : 0;
  const machines = Math.min(size * poolShapes, mostMachines(hostMemoryBytes));
  return {
    useTemplates,
    useSwitch: readSwitch("DVM_SWITCH", environment["DVM_SWITCH"]),
    pool: { perShape: size, machines },
    hypervisor: environment["DVM_HYPERVISOR"] || undefined,
    trust: policyPlace(environment["DVM_POLICY"], settingsFolders),
  };
}

/** Flags and files say the same as the environment, and say it louder. */
function withGiven({
  environment,
  given,
}: {
  environment: Record<string, string | undefined>;
  given: GivenSettings;
}): Record<string, string | undefined> {
  const pool = given.number("pool");
  return {
    DVM_TEMPLATES: given.text("templates") ?? environment["DVM_TEMPLATES"],
    DVM_POOL: pool === undefined ? environment["DVM_POOL"] : String(pool),
    DVM_SWITCH: environment["DVM_SWITCH"],
    DVM_HYPERVISOR: given.text("hypervisor") ?? environment["DVM_HYPERVISOR"],
    DVM_POLICY: given.text("policy") ?? environment["DVM_POLICY"],
  };
}

function policyPlace(path: string | undefined, settingsFolders: readonly string[]): PolicyPlace {
  if (path === undefined || path === "")
    return {
      paths: settingsFolders.toReversed().map((folder) => join(folder, "policy.json")),
      mustExist: false,
    };
  if (!isAbsolute(path))
    throw new DvmError("invalid", `cannot use DVM_POLICY=${path}: it must be an absolute path`);
  return { paths: [path], mustExist: true };
}

function readSwitch(name: string, value: string | undefined): boolean {
  if (value === undefined || value === "" || value === "on") return true;
  if (value === "off") return false;
  throw new DvmError("invalid", `cannot use ${name}=${value}: it must be on or off`);
}

function readPoolSize(value: string | undefined): number | undefined {
  if (value === undefined || value === "") return undefined;
  const size = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (size >= 0 && size <= mostReady) return size;
  throw new DvmError(
    "invalid",
    `cannot use DVM_POOL=${value}: it must be a number from 0 to ${mostReady}`,
  );
}
