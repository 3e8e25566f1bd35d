import type { ByteReader } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { hashText } from "./hash-chains.ts";

/**
 * Hashes the part of a spelling that is the person's own: `corp\ana`, `corp.example\ana`, `ana@corp.example` and `ana`
 * have one hash. So one note finds a person by all of them; who looks compares the spelling itself.
 */
export function hashOfToken(token: string): number {
  const slash = token.indexOf("\\");
  if (slash >= 0) return hashText(token, slash + 1);
  const at = token.indexOf("@");
  return at > 0 ? hashText(token, 0, at) : hashText(token);
}

export function packHashes(hashes: readonly number[], writer: ByteWriter): void {
  writer.count(hashes.length);
  for (const hash of hashes) writer.uint32(hash);
}

export function unpackHashes(reader: ByteReader): number[] {
  const count = reader.count();
  const hashes: number[] = [];
  for (let at = 0; at < count; at++) hashes.push(reader.uint32());
  return hashes;
}
