import { BinXmlFault } from "./binxml-fault.ts";
import { ByteCursor } from "./byte-cursor.ts";
import type { Dialect } from "./dialect.ts";
import type { Template } from "./node.ts";
import { parseFragment } from "./parse-fragment.ts";
import { guidText } from "./value-text.ts";

const TEMPLATES_MAX = 1024;
const TEMPLATE_BYTES_MAX = 8 * 1024 * 1024;
/** Of one GUID and length. Each is compared with what comes, so a server must not make them many. */
const ALIKE_MAX = 8;

interface Known {
  readonly definition: Buffer;
  readonly template: Template;
}

/**
 * Names and definitions as a server sends them: each beside its use, and the same definition again with every event.
 *
 * Holds    the definitions it has read, and compares byte by byte: a GUID alone does not say that two are the same.
 * Bound:   1,024 definitions of 8 MiB together; when they are more all are forgotten and learnt anew.
 */
export class Even6Dialect implements Dialect {
  readonly #known = new Map<number, Known[]>();
  #count = 0;
  #bytes = 0;

  name(cursor: ByteCursor): string {
    cursor.skip(2);
    const text = cursor.text(cursor.u16());
    cursor.skip(2);
    return text;
  }

  template(cursor: ByteCursor, depth: number): Template {
    cursor.skip(1);
    const { bytes } = cursor;
    const guid = cursor.skip(16);
    const length = cursor.u32();
    const from = cursor.skip(length);
    const key = bytes.readUInt32LE(guid) ^ length;
    const alike = this.#known.get(key);
    for (const { definition, template } of alike ?? [])
      if (bytes.compare(definition, 0, definition.length, guid, from + length) === 0) return template;
    if (length === 0) throw new BinXmlFault("a template without a definition");
    const root = parseFragment(new ByteCursor(bytes, from, from + length), this, true, depth + 1);
    const template = { guid: guidText(bytes, guid), root };
    this.#keep(key, { definition: Buffer.from(bytes.subarray(guid, from + length)), template });
    return template;
  }

  #keep(key: number, known: Known): void {
    if (this.#count >= TEMPLATES_MAX || this.#bytes >= TEMPLATE_BYTES_MAX) {
      this.#known.clear();
      this.#count = 0;
      this.#bytes = 0;
    }
    const alike = this.#known.get(key);
    if (alike === undefined || alike.length >= ALIKE_MAX) this.#known.set(key, [known]);
    else alike.push(known);
    this.#count += 1;
    this.#bytes += known.definition.length;
  }
}
