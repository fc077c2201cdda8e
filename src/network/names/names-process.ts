import { flushCompileCache } from "node:module";
import { hostResolver } from "../host-resolver.ts";
import { openAddresses } from "../egress/open-addresses.ts";
import { serveNames } from "./serve-names.ts";

/* The process of `namesIn`: its words are the folder, its control socket, and the switch's. */

const [folder = "", control = "", switchSocket = "", again] = process.argv.slice(2);
/** More than it has without the compiler, which takes a third of it and isn't needed twice. */
const bytesWithCompiler = 64 * 2 ** 20;

if (again === undefined) {
  flushCompileCache();
  if (process.memoryUsage.rss() > bytesWithCompiler && process.execve !== undefined)
    process.execve(process.execPath, [
      ...[process.execPath, ...process.execArgv, ...process.argv.slice(1)],
      "again",
    ]);
}
process.chdir(folder);
process.umask(0o077);
serveNames(control, {
  hostServers: async () => (await hostResolver()).servers,
  open: (container, opened) => openAddresses(switchSocket, container, opened),
});
