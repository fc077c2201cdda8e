/** Bits of Go's `os.FileMode` (package io/fs), as docker's API tells files' kinds; 0o777 beside them. */
export const goModeBit = {
  folder: 2 ** 31,
  link: 2 ** 27,
  device: 2 ** 26,
  fifo: 2 ** 25,
  socket: 2 ** 24,
  setuid: 2 ** 23,
  setgid: 2 ** 22,
  characterDevice: 2 ** 21,
  sticky: 2 ** 20,
  irregular: 2 ** 19,
} as const;
