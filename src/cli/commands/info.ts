import { asNumber, asStrings, asText, type JsonObject } from "../../client/json.ts";
import type { CliContext, Command } from "../command.ts";
import { binarySize } from "../../base/describe-size.ts";
import { inspectFormatFlag } from "../output/print-inspected.ts";
import { formatObject } from "../output/print-formatted.ts";

export const command: Command = {
  name: "info",
  usage: "[OPTIONS]",
  summary: "Display system-wide information",
  flags: [inspectFormatFlag],
  arguments: { min: 0, max: 0 },
  async run({ flags }, context) {
    const info = await context.client.system.info();
    const format = flags.text("format");
    context.stdout.write(
      format === undefined ? describe(info, context) : formatObject(info, format),
    );
  },
};

function describe(info: JsonObject, { version, places }: CliContext): string {
  const lines: [indent: number, name: string, value: string][] = [
    [0, "Client", "DVM"],
    [1, "Version", version],
    [1, "Socket", places.socketPath],
    [0, "", ""],
    [0, "Server", ""],
    [1, "Containers", numberIn(info, "Containers")],
    [2, "Running", numberIn(info, "ContainersRunning")],
    [2, "Paused", numberIn(info, "ContainersPaused")],
    [2, "Stopped", numberIn(info, "ContainersStopped")],
    [1, "Images", numberIn(info, "Images")],
    [1, "Server Version", asText(info["ServerVersion"])],
    [1, "Storage Driver", asText(info["Driver"])],
    ...driverStatus(info),
    [1, "Logging Driver", asText(info["LoggingDriver"])],
    [1, "Kernel Version", asText(info["KernelVersion"])],
    [1, "Operating System", asText(info["OperatingSystem"])],
    [1, "OSType", asText(info["OSType"])],
    [1, "Architecture", asText(info["Architecture"])],
    [1, "CPUs", numberIn(info, "NCPU")],
    [1, "Total Memory", binarySize(asNumber(info["MemTotal"]))],
    [1, "Name", asText(info["Name"])],
    [1, "Data Root", asText(info["DockerRootDir"])],
  ];
  return lines.map(([indent, name, value]) => infoLine(indent, name, value)).join("");
}

function infoLine(indent: number, name: string, value: string): string {
  if (name === "") return "\n";
  return `${" ".repeat(indent)}${name}:${value === "" ? "" : ` ${value}`}\n`;
}

function driverStatus(info: JsonObject): [number, string, string][] {
  const status = info["DriverStatus"];
  return (Array.isArray(status) ? status : []).map((pair): [number, string, string] => {
    const [name = "", value = ""] = asStrings(pair);
    return [2, name, value];
  });
}

function numberIn(info: JsonObject, name: string): string {
  return String(asNumber(info[name]));
}
