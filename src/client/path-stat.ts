import { DvmError } from "../base/errors.ts";
import { goModeBit } from "../base/go-file-mode.ts";
import { asNumber, asObject, asText, parseJson } from "./json.ts";

/** What the daemon tells of a path in a container. */
export interface PathStat {
  name: string;
  isFolder: boolean;
  isFile: boolean;
  isLink: boolean;
  /** Where a link leads in the end, absolute. */
  linkTarget: string;
}

/** A file has none of them. */
const typeBits = [
  ...[goModeBit.folder, goModeBit.link, goModeBit.device, goModeBit.fifo, goModeBit.socket],
  ...[goModeBit.characterDevice, goModeBit.irregular],
];

/** Reads the header `X-Docker-Container-Path-Stat`. */
export function parsePathStat(header: unknown): PathStat {
  if (typeof header !== "string")
    throw new DvmError("damaged", "cannot read the daemon's answer: it tells of no file");
  const stat = asObject(parseJson(Buffer.from(header, "base64").toString("utf8")));
  const mode = asNumber(stat["mode"]);
  const has = (bit: number) => Math.floor(mode / bit) % 2 === 1;
  return {
    name: asText(stat["name"]),
    isFolder: has(goModeBit.folder),
    isLink: has(goModeBit.link),
    isFile: !typeBits.some(has),
    linkTarget: asText(stat["linkTarget"]),
  };
}
