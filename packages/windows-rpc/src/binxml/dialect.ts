import type { ByteCursor } from "./byte-cursor.ts";
import type { Template } from "./node.ts";

/** Where names and template definitions stand: beside their use (EVEN6), or somewhere in a chunk (EVTX files). */
export interface Dialect {
  name(cursor: ByteCursor): string;
  /** Reads what follows the token of an instance up to its values. */
  template(cursor: ByteCursor, depth: number): Template;
}
