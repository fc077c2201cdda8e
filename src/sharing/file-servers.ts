import { join } from "node:path";
import { remember } from "../base/remember.ts";
import {
  type Companion,
  type CompanionFiles,
  findCompanion,
  startCompanion,
} from "../host/companion.ts";
import { controlLines, controlPath } from "../host/control-lines.ts";
import { madeBinary } from "../host/made-binary.ts";
import { fileServerProgram } from "./file-server-program.ts";
import type { FileServer, FileServerPlace, FileServers, SharedPath } from "./shared-path.ts";

const deadlineMs = 10_000;

/** File servers as companions, one for each machine that has binds or volumes (`fileserver/`). */
export function fileServers(dataRoot: string): FileServers {
  const program = remember(() => madeBinary(dataRoot, fileServerProgram));
  return {
    async open(place) {
      return (await this.find(place)) ?? serverOf(await start(await program(), place), place);
    },
    async find(place) {
      const companion = await findCompanion(companionFiles(place));
      return companion && serverOf(companion, place);
    },
  };
}

function start(program: string, place: FileServerPlace): Promise<Companion> {
  const words = ["--machine", place.machineSocket, "--control", controlSocket(place)];
  return startCompanion([program, ...words], companionFiles(place), {});
}

function serverOf(companion: Companion, place: FileServerPlace): FileServer {
  let isThere = true;
  const gone = companion.exited.then(() => {
    isThere = false;
  });
  const say = async (lines: string[]) => {
    const options = { who: "the file server", deadlineMs, isComing: () => isThere };
    await controlLines(controlSocket(place), lines, options);
  };
  return {
    add: (shares) => say(shares.map(addLine)),
    remove: (prefix) => say([`remove ${prefix}`]),
    gone,
  };
}

function addLine({ name, path, readOnly, owners }: SharedPath): string {
  return `add ${name} ${readOnly ? "ro" : "rw"} ${owners} ${controlPath(path)}`;
}

function companionFiles(place: FileServerPlace): CompanionFiles {
  return {
    pidFile: join(place.folder, "fileserver.pid"),
    logFile: join(place.folder, "fileserver.log"),
    lifeline: controlSocket(place),
  };
}

function controlSocket({ folder }: FileServerPlace): string {
  return join(folder, "fileserver.sock");
}
