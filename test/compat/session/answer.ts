import { spawnSync } from "node:child_process";
import { Readable } from "node:stream";
import { outputOf } from "../../support/docker-output.ts";

/** What an engine said to one call, in a form that can be compared. */
export interface Answer {
  status: number;
  /** Those that clients look at. */
  headers: Record<string, string>;
  /** A document; a list of documents; names in a tar; output told apart; or text. */
  body: unknown;
}

const comparedHeaders = [
  ...["api-version", "builder-version", "cache-control", "content-type", "docker-experimental"],
  ...["location", "ostype", "pragma", "swarm", "upgrade"],
];
const tarTypes = ["application/x-tar", "application/octet-stream"];
const pathStat = "x-docker-container-path-stat";

export async function answerOf(
  status: number,
  headers: Record<string, string | string[] | undefined>,
  bytes: Buffer,
): Promise<Answer> {
  const kept: Record<string, string> = {};
  for (const name of comparedHeaders)
    if (headers[name] !== undefined) kept[name] = String(headers[name]);
  if (headers[pathStat] !== undefined)
    kept[pathStat] = Buffer.from(String(headers[pathStat]), "base64").toString();
  return { status, headers: kept, body: await bodyOf(kept["content-type"] ?? "", bytes) };
}

async function bodyOf(type: string, bytes: Buffer): Promise<unknown> {
  if (bytes.length === 0) return "";
  if (tarTypes.includes(type)) return namesInTar(bytes);
  if (type === "application/vnd.docker.multiplexed-stream") return separated(bytes);
  const text = bytes.toString();
  return documentsOf(text) ?? text;
}

/** Both outputs of Docker's multiplexed stream. */
export async function separated(bytes: Buffer): Promise<{ stdout: string; stderr: string }> {
  const { stdout, stderr } = await outputOf(Readable.from([bytes]));
  return { stdout, stderr };
}

/** A document, or as many as there are lines. */
function documentsOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const lines = text.split(/\r?\n/).filter((line) => line !== "");
    try {
      return lines.map((line): unknown => JSON.parse(line));
    } catch {
      return undefined;
    }
  }
}

function namesInTar(bytes: Buffer): unknown {
  const { stdout, status } = spawnSync("tar", ["-t"], { input: bytes, encoding: "utf8" });
  return status === 0 ? stdout.split("\n").filter(Boolean).sort() : "no tar";
}
