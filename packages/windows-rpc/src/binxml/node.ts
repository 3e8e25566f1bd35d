/** A parsed piece of binary XML. What a template leaves open is a `substitution`, filled from the values beside it. */
export type XmlNode = XmlElement | TemplateInstance | XmlText;

export interface XmlElement {
  readonly kind: "element";
  readonly name: string;
  /** The value without which Windows leaves the element out; -1: it stands always. */
  readonly dependsOn: number;
  readonly attributes: readonly { readonly name: string; readonly parts: readonly XmlText[] }[];
  readonly children: readonly XmlNode[];
  /** Written `<X/>`. */
  readonly isEmpty: boolean;
}

export type XmlText =
  | { readonly kind: "text"; readonly text: string }
  /** Character data, references and instructions as they are written in XML. */
  | { readonly kind: "cdata"; readonly text: string }
  | { readonly kind: "character"; readonly code: number }
  | { readonly kind: "entity"; readonly name: string }
  | { readonly kind: "instruction"; readonly target: string; readonly data: string | null }
  | {
      readonly kind: "substitution";
      readonly id: number;
      readonly isOptional: boolean;
      readonly type: number;
    };

/** A template filled with values. */
export interface TemplateInstance {
  readonly kind: "instance";
  readonly template: Template;
  readonly values: Values;
}

export interface Template {
  readonly guid: string;
  readonly root: XmlNode;
}

/** Where each value lies in the record: three numbers a value, so that a value nobody asks for costs nothing. */
export class Values {
  readonly bytes: Buffer;
  /** type, offset, length; again and again. */
  readonly #places: Int32Array;
  readonly count: number;

  constructor(bytes: Buffer, places: Int32Array) {
    this.bytes = bytes;
    this.#places = places;
    this.count = places.length / 3;
  }

  /** 0, the type of nothing, for what is not there. */
  type(id: number): number {
    return this.#places[id * 3] ?? 0;
  }

  at(id: number): number {
    return this.#places[id * 3 + 1] ?? 0;
  }

  length(id: number): number {
    return this.#places[id * 3 + 2] ?? 0;
  }

  isMissing(id: number): boolean {
    return this.type(id) === 0 || this.length(id) === 0;
  }
}
