import { BinXmlFault } from "../binxml/binxml-fault.ts";
import { ByteCursor } from "../binxml/byte-cursor.ts";
import type { Dialect } from "../binxml/dialect.ts";
import type { Template } from "../binxml/node.ts";
import { parseFragment } from "../binxml/parse-fragment.ts";
import { guidText } from "../binxml/value-text.ts";

/**
 * Names and definitions as they stand in a file: once in each chunk of 64 KiB, where they are first used; later uses say
 * where that is.
 */
export class ChunkDialect implements Dialect {
  readonly #chunk: Buffer;
  readonly #templates = new Map<number, Template | null>();

  constructor(chunk: Buffer) {
    this.#chunk = chunk;
  }

  name(cursor: ByteCursor): string {
    const place = cursor.u32();
    const isHere = place === cursor.at;
    const from = isHere ? cursor : new ByteCursor(this.#chunk, place, this.#chunk.length);
    from.skip(6);
    const text = from.text(from.u16());
    from.skip(2);
    return text;
  }

  template(cursor: ByteCursor, depth: number): Template {
    cursor.skip(5);
    const place = cursor.u32();
    const isHere = place === cursor.at;
    const from = isHere ? cursor : new ByteCursor(this.#chunk, place, this.#chunk.length);
    from.skip(4);
    const guid = from.skip(16);
    const length = from.u32();
    const definition = from.skip(length);
    const known = this.#templates.get(place);
    if (known === null) throw new BinXmlFault("a template that stands within itself");
    if (known !== undefined) return known;
    this.#templates.set(place, null);
    try {
      const cursorOfDefinition = new ByteCursor(this.#chunk, definition, definition + length);
      const root = parseFragment(cursorOfDefinition, this, true, depth + 1);
      const template = { guid: guidText(this.#chunk, guid), root };
      this.#templates.set(place, template);
      return template;
    } catch (error) {
      this.#templates.delete(place);
      throw error;
    }
  }
}
