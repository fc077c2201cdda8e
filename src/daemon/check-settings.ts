import { isIP } from "node:net";
import { DvmError } from "../base/errors.ts";
import type { GivenSettings } from "./given-settings.ts";
import { parseListenAddress } from "./listen-address.ts";
import { checkMirror } from "./registry-mirror.ts";

const logLevels = ["panic", "fatal", "error", "warn", "info", "debug", "trace"];
const modes: Record<string, string[]> = {
  "default-ipc-mode": ["private", "shareable"],
  "default-cgroupns-mode": ["private", "host"],
};

/** Throws `invalid`, in dockerd's words where it has some, for values that mean nothing. */
export function checkSettings(settings: GivenSettings): void {
  const level = settings.text("log-level");
  if (level !== undefined && !logLevels.includes(level.toLowerCase()))
    throw invalid(`invalid logging level: ${level}`);
  const format = settings.text("log-format");
  if (format !== undefined && format !== "text" && format !== "json")
    throw invalid(`invalid log format: ${format}`);
  for (const address of settings.list("dns"))
    if (isIP(address) === 0) throw invalid(`invalid IP address: ${address}`);
  const ip = settings.text("ip");
  if (ip !== undefined && isIP(ip) === 0) throw invalid(`${ip} is not an ip address`);
  for (const domain of settings.list("dns-search")) checkDomain(domain);
  checkLabels(settings.list("labels"));
  checkNumbers(settings);
  for (const host of settings.list("hosts")) parseListenAddress(host);
  for (const mirror of settings.list("registry-mirrors")) checkMirror(mirror);
  checkModes(settings);
  checkOwn(settings);
}

function checkDomain(domain: string): void {
  const isDomain =
    domain.trim() === "." || /^(?:[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?\.?)+$/i.test(domain.trim());
  if (!isDomain) throw invalid(`${domain} is not a valid domain`);
}

/** One key has one value. */
function checkLabels(labels: string[]): void {
  const seen = new Map<string, string>();
  for (const label of labels) {
    if (!label.includes("=")) throw invalid(`bad attribute format: ${label}`);
    const [key = ""] = label.split("=", 1);
    const other = seen.get(key);
    if (other !== undefined && other !== label)
      throw invalid(`conflict labels for ${label} and ${other}`);
    seen.set(key, label);
  }
}

function checkNumbers(settings: GivenSettings): void {
  const counts = ["max-concurrent-downloads", "max-concurrent-uploads", "max-download-attempts"];
  for (const key of counts) {
    const value = settings.number(key) ?? 0;
    if (value < 0) throw invalid(`invalid ${key.replaceAll("-", " ")}: ${value}`);
  }
}

function checkModes(settings: GivenSettings): void {
  for (const [key, allowed] of Object.entries(modes)) {
    const mode = settings.text(key);
    if (mode === undefined || allowed.includes(mode)) continue;
    throw invalid(
      key === "default-ipc-mode"
        ? `default IPC mode setting (${mode}) is invalid; use "shareable" or "private"`
        : `invalid default cgroup namespace (${mode}): use "host" or "private"`,
    );
  }
  if (settings.text("default-cgroupns-mode") === "host")
    throw new DvmError(
      "unsupported",
      "cannot use default-cgroupns-mode=host: a machine has no cgroups of the host",
    );
  const runtime = settings.text("default-runtime");
  if (runtime !== undefined && !["dvm", "runc", "io.containerd.runc.v2"].includes(runtime))
    throw invalid(`specified default runtime '${runtime}' does not exist`);
}

/** DVM's own. */
function checkOwn(settings: GivenSettings): void {
  const mode = settings.text("socket-mode");
  if (mode !== undefined && !/^0?[0-7]{3}$/.test(mode))
    throw invalid(`invalid socket-mode: ${mode}: it must be three octal digits, such as 0660`);
  const metrics = settings.text("metrics-addr");
  if (metrics !== undefined && !/^(?:.*):\d{1,5}$/.test(metrics))
    throw invalid(`invalid metrics-addr: ${metrics}: it must be an address and a port`);
}

function invalid(message: string): DvmError {
  return new DvmError("invalid", message);
}
