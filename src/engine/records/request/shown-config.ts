import type { ContainerConfig } from "../docker-request.ts";

/** What Docker leaves out where there is none. */
const leftOut = [
  ...["ExposedPorts", "Healthcheck", "ArgsEscaped", "NetworkDisabled", "MacAddress", "StopSignal"],
  ...["StopTimeout", "Shell"],
];

/** `ContainerConfig` as Docker writes it: of a container, and into an image. */
export function shownConfig(config: ContainerConfig): object {
  return {
    ...withoutNothing(config, leftOut),
    // asked for, an empty one hides the image's, and no seconds are some
    ...(config.Healthcheck === null ? {} : { Healthcheck: config.Healthcheck }),
    ...(config.StopTimeout === undefined ? {} : { StopTimeout: config.StopTimeout }),
  };
}

/** Without those of `names` that hold nothing: no text, no number but 0, no item. */
export function withoutNothing(fields: object, names: readonly string[]): object {
  return Object.fromEntries(
    Object.entries(fields).filter(([name, value]) => !names.includes(name) || !isNothing(value)),
  );
}

function isNothing(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.keys(value).length === 0;
  return !value;
}
