import { Readable } from "node:stream";
import { DvmError } from "../../base/errors.ts";
import type { PathStat } from "../../client/path-stat.ts";
import { writeOutput } from "../archive/write-output.ts";
import type { CliContext, Command } from "../command.ts";
import { findSource, localTar } from "../copy/local-source.ts";
import { findTarget, unpackLocally } from "../copy/local-target.ts";
import { parsePlace, placeCopy, resolveKeepingEnd, splitPath } from "../copy/path-rules.ts";
import type { ParsedFlags } from "../flags.ts";
import { decimalSize } from "../../base/describe-size.ts";

export const command: Command = {
  name: "cp",
  usage:
    "[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-\n       dvm cp [OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH",
  summary: "Copy files/folders between a container and the local filesystem",
  flags: [
    {
      name: "archive",
      short: "a",
      kind: "boolean",
      summary: "Archive mode (files belong to the container's user)",
    },
    {
      name: "follow-link",
      short: "L",
      kind: "boolean",
      summary: "Always follow symbol link in SRC_PATH",
    },
    {
      name: "quiet",
      short: "q",
      kind: "boolean",
      summary: "Suppress the line that tells how much was copied",
    },
  ],
  arguments: { min: 2, max: 2 },
  async run({ flags, positionals: [from = "", to = ""] }, context) {
    if (from === "") throw new DvmError("invalid", "source can not be empty");
    if (to === "") throw new DvmError("invalid", "destination can not be empty");
    const [source, target] = [parsePlace(from), parsePlace(to)];
    if (source.container !== undefined && target.container !== undefined)
      throw new DvmError("invalid", "copying between containers is not supported");
    if (source.container !== undefined)
      return copyOut(context, flags, { container: source.container, path: source.path, to });
    if (target.container === undefined)
      throw new DvmError("invalid", "must specify at least one container source");
    return copyIn(context, flags, { container: target.container, path: target.path, from });
  },
};

async function copyOut(
  context: CliContext,
  flags: ParsedFlags,
  { container, path, to }: { container: string; path: string; to: string },
): Promise<void> {
  const { client, stderr, cwd } = context;
  const target = to === "-" ? undefined : await findTarget(resolveKeepingEnd(cwd, to));
  const source = flags.boolean("follow-link")
    ? await followLink(path, () => client.files.stat(container, path))
    : { path, name: undefined };
  const { stat, tar } = await client.files.read(container, source.path);
  if (target === undefined) return writeOutput(tar, undefined, context);
  const { folder, name } = placeCopy({ ...source, isFolder: stat.isFolder }, target);
  const counted = new CountedBytes(tar);
  await unpackLocally(counted, { folder, archiveName: stat.name, name });
  tell(stderr, flags, `${decimalSize(counted.bytes)} to ${to}`);
}

/** A link of another name: what it leads to, called as the link is. */
async function followLink(
  path: string,
  look: () => Promise<PathStat>,
): Promise<{ path: string; name: string | undefined }> {
  const stat = await look();
  if (!stat.isLink) return { path, name: undefined };
  return { path: stat.linkTarget, name: splitPath(path).name };
}

async function copyIn(
  { client, stdin, stderr, cwd }: CliContext,
  flags: ParsedFlags,
  { container, path, from }: { container: string; path: string; from: string },
): Promise<void> {
  const source =
    from === "-"
      ? undefined
      : await findSource(resolveKeepingEnd(cwd, from), flags.boolean("follow-link"));
  const target = await lookInside(path, (place) => client.files.stat(container, place));
  if (target.exists && !target.isFolder && !target.isFile)
    throw new DvmError(
      "invalid",
      `destination "${container}:${path}" must be a directory or a regular file`,
    );
  const options = { asUser: flags.boolean("archive") };
  if (source === undefined) {
    if (!target.isFolder)
      throw new DvmError("invalid", `destination "${container}:${path}" must be a directory`);
    return client.files.write(container, target.path, stdin, options);
  }
  const { folder, name } = placeCopy(source, target);
  const counted = new CountedBytes(localTar(source.path, name));
  const tar = Readable.from(counted, { objectMode: false });
  await client.files.write(container, folder, tar, options);
  tell(stderr, flags, `${decimalSize(counted.bytes)} to ${container}:${path}`);
}

/** What is at a path of the container, a link at its end followed. */
async function lookInside(path: string, look: (path: string) => Promise<PathStat>) {
  const found = await lookAt(path, look);
  const place = found?.isLink === true ? found.linkTarget : path;
  const stat = found?.isLink === true ? await lookAt(place, look) : found;
  return {
    path: place,
    exists: stat !== undefined,
    isFolder: stat?.isFolder ?? false,
    isFile: stat?.isFile ?? false,
  };
}

async function lookAt(
  path: string,
  look: (path: string) => Promise<PathStat>,
): Promise<PathStat | undefined> {
  try {
    return await look(path);
  } catch (error) {
    // the copy itself says what is wrong with the container, or with the path
    if (error instanceof DvmError && error.message.startsWith("Error response from daemon"))
      return undefined;
    throw error;
  }
}

function tell(stderr: NodeJS.WriteStream, flags: ParsedFlags, what: string): void {
  if (!flags.boolean("quiet")) stderr.write(`Successfully copied ${what}\n`);
}

/** Passes pieces on and knows how much they were. */
class CountedBytes implements AsyncIterable<Uint8Array> {
  bytes = 0;
  readonly #source: AsyncIterable<Uint8Array>;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for await (const piece of this.#source) {
      this.bytes += piece.length;
      yield piece;
    }
  }
}
