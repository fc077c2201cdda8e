import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ClientResult } from "../clients/client-check.ts";
import type { Difference } from "../compare/differences.ts";
import { reasonOf } from "../compare/reasons.ts";

const page = join(import.meta.dirname, "../../../docs/compatibility.md");

export interface Findings {
  versions: { docker: string; dvm: string };
  calls: number;
  differences: Difference[];
  clients: ClientResult[];
}

export async function writePage(findings: Findings): Promise<void> {
  await writeFile(page, pageText(findings));
}

export function unexplained(differences: readonly Difference[]): Difference[] {
  return differences.filter((one) => reasonOf(one) === undefined);
}

function pageText({ versions, calls, differences, clients }: Findings): string {
  const differing = new Set(differences.map(({ call }) => call)).size;
  return [
    "# Compatibility",
    "",
    "Written by `npm run test:compat`, which starts a real dockerd and DVM, asks both the same and compares. Don't edit.",
    "",
    `Docker ${versions.docker}, DVM ${versions.dvm}.`,
    "",
    "## Clients",
    "",
    "Each is an unmodified one, told nothing but `DOCKER_HOST`. What is tried must succeed on both engines.",
    "",
    "| client | tried | on Docker | on DVM |",
    "|---|---|---|---|",
    ...clients.map(clientLine),
    "",
    "## The API, call by call",
    "",
    `${calls} calls to each, one after the other; ids, times, addresses, sizes and each engine's own folders are masked. ${calls - differing} answers are the same in every field; ${differing} differ in ${differences.length} places, for these reasons:`,
    "",
    "| where | calls | why |",
    "|---|---|---|",
    ...reasonLines(differences),
    "",
    ...openLines(unexplained(differences)),
  ].join("\n");
}

function clientLine({ client, title, docker, dvm }: ClientResult): string {
  return `| ${client} | ${cell(title)} | ${cell(docker)} | ${cell(dvm)} |`;
}

function reasonLines(differences: readonly Difference[]): string[] {
  const byReason = Map.groupBy(differences, reasonOf);
  return [...byReason].flatMap(([why, those]) => {
    if (why === undefined) return [];
    const places = [...new Set(those.map(({ path }) => generalized(path)))];
    const named = places.slice(0, 6).map((place) => `\`${place}\``);
    const more = places.length > named.length ? `, and ${places.length - named.length} more` : "";
    const calls = new Set(those.map(({ call }) => call)).size;
    return [`| ${named.join(", ")}${more} | ${calls} | ${why} |`];
  });
}

/** Without the places in lists, and no deeper than a reader wants to know. */
function generalized(path: string): string {
  const parts = path.split(".").filter((part) => !/^\d+$/.test(part) && part !== "body");
  return parts.slice(0, 3).join(".");
}

function openLines(differences: readonly Difference[]): string[] {
  if (differences.length === 0) return [];
  return [
    "## Differences without a reason",
    "",
    "| call | where | Docker | DVM |",
    "|---|---|---|---|",
    ...differences.map(({ call, path, docker, dvm }) =>
      ["", cell(call), `\`${path}\``, cell(shown(docker)), cell(shown(dvm)), ""].join(" | ").trim(),
    ),
    "",
  ];
}

function shown(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return `\`${text.length > 160 ? `${text.slice(0, 160)}…` : text}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
