import { DvmError } from "../../base/errors.ts";

/** `--filter name=value`, repeated → the API's filters. */
export function readFilters(settings: readonly string[]): Record<string, string[]> {
  const filters: Record<string, string[]> = {};
  for (const setting of settings) {
    const cut = setting.indexOf("=");
    const name = setting.slice(0, cut).trim().toLowerCase();
    (filters[name] ??= []).push(setting.slice(cut + 1).trim());
  }
  return filters;
}

export function checkFilter(setting: string): void {
  if (!setting.includes("="))
    throw new DvmError("invalid", "bad format of filter (expected name=value)");
}
