/** What a call looks like to a filter of seccomp (linux/seccomp.h, `struct seccomp_data`). */
export interface SystemCall {
  number: number;
  /** linux/audit.h, `AUDIT_ARCH_*` */
  architecture: number;
  arguments?: readonly bigint[];
}

/** Runs a program of classic BPF as the kernel would; gives back its verdict. */
export function runFilter(program: Uint8Array, call: SystemCall): number {
  const code = Buffer.from(program);
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call.number >>> 0, 0);
  data.writeUInt32LE(call.architecture, 4);
  (call.arguments ?? []).forEach((value, index) =>
    data.writeBigUInt64LE(BigInt.asUintN(64, value), 16 + index * 8),
  );
  let accumulator = 0;
  for (let at = 0; at < code.length / 8; at += 1) {
    const [yes, no] = [code.readUInt8(at * 8 + 2), code.readUInt8(at * 8 + 3)];
    const operand = code.readUInt32LE(at * 8 + 4);
    const skip = (isTrue: boolean): number => (isTrue ? yes : no);
    switch (code.readUInt16LE(at * 8)) {
      case 0x20:
        accumulator = data.readUInt32LE(operand);
        break;
      case 0x54:
        accumulator = (accumulator & operand) >>> 0;
        break;
      case 0x05:
        at += operand;
        break;
      case 0x15:
        at += skip(accumulator === operand);
        break;
      case 0x25:
        at += skip(accumulator > operand);
        break;
      case 0x35:
        at += skip(accumulator >= operand);
        break;
      case 0x45:
        at += skip((accumulator & operand) !== 0);
        break;
      case 0x06:
        return operand;
      default:
        throw new Error(`instruction ${at} has an unknown code`);
    }
  }
  throw new Error("the program ended without a verdict");
}
