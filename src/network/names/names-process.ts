import { hostResolver } from "../host-resolver.ts";
import { serveNames } from "./serve-names.ts";

/* The process of `namesIn`: the folder and the control socket are its words. */

const [folder = "", control = ""] = process.argv.slice(2);
process.chdir(folder);
process.umask(0o077);
serveNames(control, { hostServers: async () => (await hostResolver()).servers });
