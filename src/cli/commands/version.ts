import { DvmError } from "../../base/errors.ts";
import { asText, type JsonObject } from "../../client/json.ts";
import { currentApiVersion } from "../../client/transport.ts";
import type { Command } from "../command.ts";
import { inspectFormatFlag } from "../output/print-inspected.ts";
import { formatObject } from "../output/print-formatted.ts";

/** `dvm version`: of the client and, when it answers, of the daemon. */
export const command: Command = {
  name: "version",
  usage: "[OPTIONS]",
  summary: "Show the DVM version information",
  flags: [inspectFormatFlag],
  arguments: { min: 0, max: 0 },
  async run({ flags }, { client, version, stdout, stderr }) {
    const own = {
      Version: version,
      ApiVersion: currentApiVersion,
      NodeVersion: process.version,
      Os: process.platform,
      Arch: process.arch,
    };
    const server = await client.system.version().catch((error: unknown) => {
      if (error instanceof DvmError) return error;
      throw error;
    });
    const isThere = !(server instanceof DvmError);
    const format = flags.text("format");
    if (format !== undefined)
      stdout.write(formatObject({ Client: own, Server: isThere ? server : null }, format));
    else stdout.write(describe("Client", own) + (isThere ? `\n${describe("Server", server)}` : ""));
    if (isThere) return 0;
    stderr.write(`${server.message}\n`);
    return 1;
  },
};

function describe(title: string, of: JsonObject): string {
  const lines = [
    ["Version:", asText(of["Version"])],
    ["API version:", asText(of["ApiVersion"])],
    ["Node version:", asText(of["NodeVersion"])],
    ["Kernel version:", asText(of["KernelVersion"])],
    ["OS/Arch:", `${asText(of["Os"])}/${asText(of["Arch"])}`],
  ] as const;
  const shown = lines.filter(([, value]) => value !== "");
  return `${title}: DVM\n${shown.map(([name, value]) => ` ${name.padEnd(18)}${value}\n`).join("")}`;
}
