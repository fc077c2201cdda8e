/** What of a container its log's options speak of. */
export interface LoggedContainer {
  id: string;
  name: string;
  imageId: string;
  imageName: string;
  command: readonly string[];
  env: readonly string[];
  labels: Readonly<Record<string, string>>;
  hostName: string;
}

type Options = Readonly<Record<string, string>>;

/** What is kept with each line, by `labels`, `labels-regex`, `env`, `env-regex` and `tag`. */
export function logAttributes(
  options: Options,
  container: LoggedContainer,
): Record<string, string> {
  const env = new Map(container.env.map(nameAndValue));
  const attributes = {
    ...chosen(
      new Map(Object.entries(container.labels)),
      options["labels"],
      options["labels-regex"],
    ),
    ...chosen(env, options["env"], options["env-regex"]),
  };
  const tag = logTag(options["tag"] ?? "", container);
  const all = tag === "" ? attributes : { ...attributes, tag };
  return Object.fromEntries(Object.entries(all).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function nameAndValue(entry: string): [string, string] {
  const at = entry.indexOf("=");
  return at === -1 ? [entry, ""] : [entry.slice(0, at), entry.slice(at + 1)];
}

function chosen(
  values: ReadonlyMap<string, string>,
  names: string | undefined,
  pattern: string | undefined,
): Record<string, string> {
  const listed = names === undefined ? [] : names.split(",");
  const matching = pattern === undefined ? undefined : expression(pattern);
  const isWanted = (name: string) => listed.includes(name) || matching?.test(name) === true;
  return Object.fromEntries([...values].filter(([name]) => isWanted(name)));
}

function expression(pattern: string): RegExp {
  try {
    return new RegExp(pattern);
  } catch (cause) {
    const isOpen = /unterminated group/i.test(String(cause));
    const why = isOpen ? "missing closing )" : "invalid or unsupported Perl syntax";
    throw new Error(`error parsing regexp: ${why}: \`${pattern}\``, { cause });
  }
}

const shortLength = 12;

/** A template of Go's, as far as tags need one: `{{.Name}}/{{.ID}}`, `{{index .ContainerLabels "x"}}`. */
export function logTag(template: string, container: LoggedContainer): string {
  return template.replace(
    /\{\{(.*?)(\}\}|$)/gs,
    (_all, action: string, end: string, at: number) => {
      if (end === "") throw new Error("template: log-tag:1: unclosed action");
      const words = action.replace(/^-?\s+|\s+-?$/g, "");
      const field = /^\.(\w+)$/.exec(words)?.[1];
      if (field !== undefined) return fieldOf(container, field, at);
      const label = /^index \.ContainerLabels "([^"]*)"$/.exec(words)?.[1];
      if (label !== undefined) return container.labels[label] ?? "";
      throw new Error(
        `template: log-tag:1: function ${JSON.stringify(words.split(" ")[0])} not defined`,
      );
    },
  );
}

function fieldOf(container: LoggedContainer, field: string, at: number): string {
  const imageId = container.imageId.replace(/^sha256:/, "");
  const fields = new Map<string, string>([
    ["ID", container.id.slice(0, shortLength)],
    ["FullID", container.id],
    ["Name", container.name],
    ["ImageID", imageId.slice(0, shortLength)],
    ["ImageFullID", container.imageId],
    ["ImageName", container.imageName],
    ["Command", container.command.join(" ")],
    ["DaemonName", "docker"],
    ["Hostname", container.hostName],
    ["ContainerID", container.id],
    ["ContainerName", `/${container.name}`],
    ["ContainerImageID", container.imageId],
    ["ContainerImageName", container.imageName],
  ]);
  const value = fields.get(field);
  if (value !== undefined) return value;
  throw new Error(
    `template: log-tag:1:${at + 2}: executing "log-tag" at <.${field}>: can't evaluate field ${field} in type *logger.Info`,
  );
}
