import { z } from "zod";
import { applyChanges, type RuntimeConfig } from "../../image/changes/apply-changes.ts";
import { type ContainerConfig, shownConfig } from "../records.ts";
import { mergeEnvironment } from "../plan.ts";

/** What a commit is asked to make different from the container's configuration. */
export type ConfigOverrides = Omit<ContainerConfig, "Image">;

export interface Commit {
  config: ContainerConfig;
  /** Docker's body of a commit; undefined: nothing is different. */
  overrides: ConfigOverrides | undefined;
  /** Dockerfile instructions. */
  changes: readonly string[];
  author: string;
  comment: string;
  /** RFC 3339. */
  created: string;
  /** It changes no file, and has no layer. */
  isEmpty?: boolean;
}

const parentSchema = z.looseObject({
  config: z.looseObject({}).nullish(),
  history: z.array(z.unknown()).nullish(),
});

/** The text of a committed image's configuration, over its parent's. */
export function committedConfig(parent: unknown, commit: Commit, diffIds: string[]): string {
  const { author, comment, created } = commit;
  const { config: base, history, ...rest } = parentSchema.parse(parent);
  const { container: _, container_config: __, author: ___, comment: ____, ...kept } = rest;
  // what an ONBUILD image asks for is done when it's built upon, once
  const { OnBuild: _____, ...baseConfig } = base ?? {};
  return JSON.stringify({
    ...kept,
    created,
    ...(author === "" ? {} : { author }),
    ...(comment === "" ? {} : { comment }),
    config: { ...baseConfig, ...shownConfig(runtimeConfig(commit)) },
    rootfs: { type: "layers", diff_ids: diffIds },
    history: [
      ...(history ?? []),
      {
        created,
        ...(author === "" ? {} : { author }),
        created_by: (commit.config.Cmd ?? []).join(" "),
        ...(comment === "" ? {} : { comment }),
        ...(commit.isEmpty === true ? { empty_layer: true } : {}),
      },
    ],
  });
}

/** Docker's rules (daemon/commit.go): what is asked for, and where that says nothing, the container's. */
export function runtimeConfig({ config, overrides, changes }: Commit): ContainerConfig {
  const given = overrides ?? config;
  const changed = applyChanges(changes, {
    env: given.Env ?? [],
    workingDir: given.WorkingDir,
    shell: given.Shell ?? [],
  });
  const asked = withChanges({ ...given, Image: config.Image }, changed);
  const hasEntrypoint = (asked.Entrypoint ?? []).length > 0;
  const hasCommand = hasEntrypoint || (asked.Cmd ?? []).length > 0;
  return {
    ...config,
    ...asked,
    User: asked.User === "" ? config.User : asked.User,
    WorkingDir: asked.WorkingDir === "" ? config.WorkingDir : asked.WorkingDir,
    Hostname: asked.Hostname === "" ? config.Hostname : asked.Hostname,
    Cmd: hasCommand ? asked.Cmd : config.Cmd,
    Entrypoint: asked.Entrypoint ?? config.Entrypoint,
    Env: mergeEnvironment(config.Env ?? [], asked.Env ?? []),
    Labels: { ...config.Labels, ...asked.Labels },
    ExposedPorts: { ...config.ExposedPorts, ...asked.ExposedPorts },
    Volumes: nothingAsNull({ ...config.Volumes, ...asked.Volumes }),
    StopSignal: asked.StopSignal ?? config.StopSignal,
    Healthcheck: asked.Healthcheck ?? config.Healthcheck,
    Shell: asked.Shell ?? config.Shell,
  };
}

/** An entrypoint that comes without a command drops the one that went with the old. */
function withChanges(config: ContainerConfig, changed: RuntimeConfig): ContainerConfig {
  const command = changed.Cmd ?? (isReplaced(changed) ? null : config.Cmd);
  return {
    ...config,
    User: changed.User ?? config.User,
    WorkingDir: changed.WorkingDir ?? config.WorkingDir,
    Cmd: command,
    Entrypoint: changed.Entrypoint === undefined ? config.Entrypoint : changed.Entrypoint,
    Env: withVariables(config.Env ?? [], changed.Env ?? []),
    Labels: { ...config.Labels, ...changed.Labels },
    ExposedPorts: { ...config.ExposedPorts, ...changed.ExposedPorts },
    Volumes: { ...config.Volumes, ...changed.Volumes },
    StopSignal: changed.StopSignal ?? config.StopSignal,
    Healthcheck: changed.Healthcheck ?? config.Healthcheck,
    OnBuild: changed.OnBuild ?? null,
  };
}

/** What is set anew stays where it stood. */
function withVariables(env: readonly string[], changed: readonly string[]): string[] {
  const nameOf = (entry: string) => entry.split("=", 1)[0];
  const values = new Map(changed.map((entry) => [nameOf(entry), entry]));
  const kept = env.map((entry) => values.get(nameOf(entry)) ?? entry);
  const known = new Set(env.map(nameOf));
  return [...kept, ...changed.filter((entry) => !known.has(nameOf(entry)))];
}

function isReplaced({ Entrypoint }: RuntimeConfig): boolean {
  return Entrypoint !== undefined && Entrypoint !== null;
}

function nothingAsNull(map: Record<string, object>): Record<string, object> | null {
  return Object.keys(map).length === 0 ? null : map;
}
