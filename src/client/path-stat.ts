import { DvmError } from "../base/errors.ts";
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

/* Bits of Go's os.FileMode. */
const folderBit = 2 ** 31;
const linkBit = 2 ** 27;
/** Folder, link, device, fifo, socket, character device and irregular file. */
const typeBits = [2 ** 31, 2 ** 27, 2 ** 26, 2 ** 25, 2 ** 24, 2 ** 21, 2 ** 19];

/** Reads the header `X-Docker-Container-Path-Stat`. */
export function parsePathStat(header: unknown): PathStat {
  if (typeof header !== "string")
    throw new DvmError("damaged", "cannot read the daemon's answer: it tells of no file");
  const stat = asObject(parseJson(Buffer.from(header, "base64").toString("utf8")));
  const mode = asNumber(stat["mode"]);
  const has = (bit: number) => Math.floor(mode / bit) % 2 === 1;
  return {
    name: asText(stat["name"]),
    isFolder: has(folderBit),
    isLink: has(linkBit),
    isFile: !typeBits.some(has),
    linkTarget: asText(stat["linkTarget"]),
  };
}
