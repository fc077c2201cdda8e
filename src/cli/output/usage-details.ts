import { describeAge } from "../../base/describe-age.ts";
import {
  asNumber,
  asObject,
  asObjects,
  asStrings,
  asText,
  type JsonObject,
} from "../../client/json.ts";
import { splitImageName } from "../options/image-name.ts";
import { decimalSize } from "../../base/describe-size.ts";
import { ellipsis, shortId } from "./shorten.ts";
import { formatTable } from "./table.ts";

const commandLength = 20;

/** `system df -v`: a table each of images, containers and volumes. */
export function printUsageDetails(usage: JsonObject, stdout: NodeJS.WritableStream): void {
  const sections = {
    "Images space usage": imageRows(asObjects(usage["Images"])),
    "Containers space usage": containerRows(asObjects(usage["Containers"])),
    "Local Volumes space usage": volumeRows(asObjects(usage["Volumes"])),
  };
  for (const [title, rows] of Object.entries(sections))
    stdout.write(`${title}:\n\n${formatTable(rows)}\n`);
}

function imageRows(images: JsonObject[]): string[][] {
  const rows = images.map((image) => {
    const { repository, tag } = splitImageName(asStrings(image["RepoTags"])[0] ?? "<none>:<none>");
    const [size, shared] = [asNumber(image["Size"]), asNumber(image["SharedSize"])];
    return [
      ...[repository, tag, shortId(asText(image["Id"])), age(image)],
      ...[size, shared, size - shared].map((bytes) => decimalSize(bytes)),
      String(asNumber(image["Containers"])),
    ];
  });
  return [
    [
      "REPOSITORY",
      "TAG",
      "IMAGE ID",
      "CREATED",
      "SIZE",
      "SHARED SIZE",
      "UNIQUE SIZE",
      "CONTAINERS",
    ],
    ...rows,
  ];
}

function containerRows(containers: JsonObject[]): string[][] {
  const rows = containers.map((container) => [
    shortId(asText(container["Id"])),
    asText(container["Image"]),
    JSON.stringify(ellipsis(asText(container["Command"]), commandLength)),
    String(asObjects(container["Mounts"]).filter(({ Type }) => Type === "volume").length),
    decimalSize(asNumber(container["SizeRw"])),
    age(container),
    asText(container["Status"]),
    asStrings(container["Names"])
      .map((name) => name.replace(/^\//, ""))
      .join(","),
  ]);
  return [
    ["CONTAINER ID", "IMAGE", "COMMAND", "LOCAL VOLUMES", "SIZE", "CREATED", "STATUS", "NAMES"],
    ...rows,
  ];
}

function volumeRows(volumes: JsonObject[]): string[][] {
  const rows = volumes.map((volume) => {
    const use = asObject(volume["UsageData"]);
    return [
      asText(volume["Name"]),
      String(asNumber(use["RefCount"])),
      decimalSize(asNumber(use["Size"])),
    ];
  });
  return [["VOLUME NAME", "LINKS", "SIZE"], ...rows];
}

function age(object: JsonObject): string {
  const created = asNumber(object["Created"]) * 1000;
  return created > 0 ? `${describeAge(created)} ago` : "N/A";
}
