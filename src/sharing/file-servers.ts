import { remember } from "../base/remember.ts";
import { controlPath } from "../host/control-lines.ts";
import { ControlledCompanion } from "../host/controlled-companion.ts";
import { madeBinary } from "../host/made-binary.ts";
import { fileServerProgram } from "./file-server-program.ts";
import type { FileServer, FileServerPlace, FileServers, SharedPath } from "./shared-path.ts";

/** File servers as companions, one for each machine that has binds or volumes (`fileserver/`). */
export function fileServers(dataRoot: string): FileServers {
  const program = remember(() => madeBinary(dataRoot, fileServerProgram));
  const companionAt = ({ folder, machineSocket }: FileServerPlace) =>
    new ControlledCompanion({
      ...{ who: "the file server", folder, name: "fileserver" },
      command: async (control) => [
        await program(),
        ...["--machine", machineSocket, "--control", control],
      ],
    });
  return {
    async open(place) {
      const companion = companionAt(place);
      return serverOf(companion, await companion.started());
    },
    async find(place) {
      const companion = companionAt(place);
      const found = await companion.existing();
      return found && serverOf(companion, found);
    },
  };
}

function serverOf(
  companion: ControlledCompanion,
  { exited }: { exited: Promise<unknown> },
): FileServer {
  return {
    async add(shares) {
      await companion.say(shares.map(addLine));
    },
    async remove(prefix) {
      await companion.say([`remove ${prefix}`]);
    },
    gone: exited.then(() => {}),
  };
}

function addLine({ name, path, readOnly, owners, watched }: SharedPath): string {
  const line = `add ${name} ${readOnly ? "ro" : "rw"} ${owners} ${controlPath(path)}`;
  return watched ? `${line} watched` : line;
}
