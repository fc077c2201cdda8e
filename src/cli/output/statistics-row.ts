import { asNumber, asObject, asObjects, asText, type JsonObject } from "../../client/json.ts";
import { binarySize, decimalSize } from "../../base/describe-size.ts";
import type { Row } from "./print-list.ts";
import { shortId } from "./shorten.ts";

/** What `stats` shows of the daemon's reading; of a container that doesn't run, dashes. */
export function statisticsRow(object: JsonObject, full: boolean): Row {
  const id = asText(object["id"]);
  const names = {
    Container: full ? id : shortId(id),
    ID: full ? id : shortId(id),
    Name: asText(object["name"]).replace(/^\//, ""),
  };
  if (object["cpu_stats"] === undefined) {
    const dashes = { CPUPerc: "--", MemUsage: "-- / --", MemPerc: "--" };
    return { ...names, ...dashes, NetIO: "--", BlockIO: "--", PIDs: "--", HostMem: "--" };
  }
  const memory = asObject(object["memory_stats"]);
  const used = asNumber(memory["usage"]) - asNumber(asObject(memory["stats"])["inactive_file"]);
  const limit = asNumber(memory["limit"]);
  return {
    ...names,
    CPUPerc: percent(cpuShare(object)),
    MemUsage: `${binarySize(used)} / ${binarySize(limit)}`,
    MemPerc: percent(limit === 0 ? 0 : used / limit),
    NetIO: networkBytes(asObject(object["networks"])),
    BlockIO: blockBytes(asObject(object["blkio_stats"])),
    PIDs: String(asNumber(asObject(object["pids_stats"])["current"])),
    HostMem: binarySize(asNumber(asObject(object["dvm_host_memory"])["pss"])),
  };
}

/** 1 is one processor fully used. */
function cpuShare(object: JsonObject): number {
  const now = asObject(object["cpu_stats"]);
  const before = asObject(object["precpu_stats"]);
  const usage = (of: JsonObject): number => asNumber(asObject(of["cpu_usage"])["total_usage"]);
  const used = usage(now) - usage(before);
  const passed = asNumber(now["system_cpu_usage"]) - asNumber(before["system_cpu_usage"]);
  return passed > 0 && used > 0 ? (used / passed) * (asNumber(now["online_cpus"]) || 1) : 0;
}

function networkBytes(networks: JsonObject): string {
  const sum = (field: string): number =>
    Object.values(networks).reduce<number>(
      (total, one) => total + asNumber(asObject(one)[field]),
      0,
    );
  return `${decimalSize(sum("rx_bytes"))} / ${decimalSize(sum("tx_bytes"))}`;
}

function blockBytes(blocks: JsonObject): string {
  const entries = asObjects(blocks["io_service_bytes_recursive"]);
  const sum = (op: string): number =>
    entries
      .filter((entry) => asText(entry["op"]).toLowerCase() === op)
      .reduce((total, entry) => total + asNumber(entry["value"]), 0);
  return `${decimalSize(sum("read"))} / ${decimalSize(sum("write"))}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)}%`;
}
