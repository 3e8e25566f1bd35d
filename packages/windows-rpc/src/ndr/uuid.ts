import { NdrFault } from "./ndr-fault.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * The sixteen bytes of a UUID as Windows sends them: its first three fields little endian.
 * Errors: `RangeError` for a text that is none; such texts are ours, never a stranger's.
 */
export function uuidBytes(text: string): Buffer {
  if (!UUID.test(text)) throw new RangeError(`${text} is no UUID`);
  const bytes = Buffer.from(text.replaceAll("-", ""), "hex");
  swapFields(bytes);
  return bytes;
}

/** In lower case, without braces. Errors: `NdrFault` unless there are sixteen bytes. */
export function uuidText(bytes: Uint8Array): string {
  if (bytes.length !== 16) throw new NdrFault("a UUID has sixteen bytes");
  const copy = Buffer.from(bytes);
  swapFields(copy);
  const hex = copy.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function swapFields(bytes: Buffer): void {
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
}
