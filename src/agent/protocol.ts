/** The numbers of guest/protocol.h, which draws the protocol between host and agent. */

export const protocolVersion = 7;

export const frameHeaderBytes = 12;
export const frameTrailerBytes = 4;
export const frameTrailer = 0x214d5644;
export const maximumPayloadBytes = 65_536;
/** A side may have so many bytes of a stream under way before they are acknowledged. */
export const windowBytes = 262_144;
export const maximumDataBytes = 32_736;
/** Of a request or an answer, its parts joined. */
export const maximumMessageBytes = 2_097_152;

export const syncMagic = Buffer.from("d744564d0a91e23c5ba816f470cd2e8b", "hex");
export const nonceBytes = 16;

export const frameType = {
  sync: 1,
  hello: 2,
  data: 3,
  ack: 4,
  end: 5,
  exit: 6,
  reply: 7,
  replyPart: 8,
  requestPart: 9,
  health: 10,
  memory: 11,
} as const;

export const request = {
  setUp: 16,
  start: 17,
  exec: 18,
  resize: 19,
  signal: 20,
  processes: 21,
  statistics: 22,
  freeze: 23,
  thaw: 24,
  shutDown: 25,
  resume: 26,
  release: 27,
  prepare: 28,
  clock: 29,
  rehearse: 30,
  files: 31,
  boot: 32,
  record: 33,
  create: 34,
  destroy: 35,
  setClock: 36,
  space: 37,
  update: 38,
  health: 39,
  attachCard: 40,
  detachCard: 41,
  names: 42,
} as const;
export type RequestType = (typeof request)[keyof typeof request];

export const channel = { stdin: 0, stdout: 1, stderr: 2 } as const;

/** Names by `enum container_state`. */
export const containerStates = [undefined, "created", "started", "ended"] as const;
export type ContainerState = NonNullable<(typeof containerStates)[number]>;

/** Names by `enum health_status`. */
export const healthStatuses = [undefined, "starting", "healthy", "unhealthy"] as const;
export type HealthStatus = NonNullable<(typeof healthStatuses)[number]>;
/** Names by `enum probe_end`. */
export const probeEnds = [undefined, "ran", "late", "failed"] as const;
export type ProbeEnd = NonNullable<(typeof probeEnds)[number]>;
/** How many probes of a container the agent remembers. */
export const keptProbes = 5;

export const prepareFlag = { scratch: 1, image: 2 } as const;

export const mountKind = { share: 1, tmpfs: 2, socket: 3, device: 4, image: 5, disk: 6 } as const;

export const filesOperation = { stat: 1, out: 2, in: 3, changes: 4, layer: 5, export: 6 } as const;

export const usesOperation = { begin: 1, read: 2 } as const;
/** Of the text that lists the uses. */
export const maximumUsesBytes = 262_144;

export const filesFlag = { keepKind: 1, rootReadOnly: 2 } as const;

export const recordKind = {
  entry: 1,
  content: 2,
  times: 3,
  change: 4,
  done: 5,
  failed: 6,
  stat: 7,
} as const;
export const maximumRecordBytes = 131_072;
export const maximumContentBytes = 65_536;

/** Names by `enum tree_type`. */
export const treeTypes = [
  undefined,
  "file",
  "dir",
  "symlink",
  "char",
  "block",
  "fifo",
  "hardlink",
  "socket",
  "whiteout",
  "opaque",
] as const;
export type TreeType = NonNullable<(typeof treeTypes)[number]>;
