/** Numbers that differ from run to run, or from machine to machine. */
const maskedNumbers = new Set([
  ...[
    "Size",
    "SizeRw",
    "SizeRootFs",
    "VirtualSize",
    "SharedSize",
    "LayersSize",
    "Pid",
    "Created",
    "PublicPort",
  ],
  ...["time", "timeNano", "NFd", "NGoroutines", "MemTotal", "NEventsListener", "mtime", "size"],
]);
/** Texts of that kind. */
const maskedTexts = new Set(["HostPort", "Titles", "Processes", "execDuration"]);
const patterns: [RegExp, string][] = [
  [/\b[0-9a-f]{64}\b/g, "<id>"],
  [/\b(?=[0-9a-f]*\d)[0-9a-f]{12}\b/g, "<id>"],
  [/\b(?!0001)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g, "<time>"],
  [/\b([0-9a-f]{2}:){5}[0-9a-f]{2}\b/g, "<mac>"],
  [/\b(?!0\.0\.0\.0|127\.0\.0\.1)(\d{1,3}\.){3}\d{1,3}\b/g, "<address>"],
  [/(\d+|Less than a|About an?) (seconds?|minutes?)/g, "<duration>"],
  [/\b(fd|fe80)[0-9a-f]*(:[0-9a-f]*){2,7}/g, "<address>"],
];

interface MaskOptions {
  /** Where the engine keeps its things. */
  roots: readonly string[];
  /** Every number is a measurement. */
  allNumbers: boolean;
}

/** A value without what no two runs share: ids, times, addresses, sizes, the engine's own folders. */
export function mask(value: unknown, options: MaskOptions, key = ""): unknown {
  if (typeof value === "number")
    return options.allNumbers || (value !== 0 && maskedNumbers.has(key)) ? "<number>" : value;
  if (typeof value === "string") return maskedTexts.has(key) ? "<text>" : maskText(value, options);
  if (Array.isArray(value)) return value.map((one: unknown) => mask(one, options, key));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]: [string, unknown]) => [
      maskText(name, options),
      mask(one, options, name),
    ]),
  );
}

function maskText(text: string, { roots }: MaskOptions): string {
  let masked = text;
  for (const root of roots) masked = masked.replaceAll(root, "<root>");
  for (const [pattern, name] of patterns) masked = masked.replace(pattern, name);
  return masked;
}
