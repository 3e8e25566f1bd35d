/** What a filter looks at: the fields of a record by name. */
export interface FilterEvent {
  system(name: string): string | null;
  data(name: string): string | null;
  names(): readonly string[];
}

/** A filter that is not understood here. */
export class FilterFault extends Error {
  override readonly name = "FilterFault";
}

export type EventFilter = (event: FilterEvent) => boolean;

/**
 * Reads one XPath expression of the subset that Windows has: `*[System[...] and EventData[...]]` with `and`, `or`,
 * comparisons and `band`.
 *
 * Errors: `FilterFault` for everything else, as a server refuses it; `contains`, `starts-with` and `not` among it, which
 *         Windows does not have.
 * Source: Win32 "Consuming Events", XPath 1.0 limitations (documented).
 */
export function parseFilter(text: string): EventFilter {
  const reader = new FilterReader(text);
  const filter = reader.path();
  reader.end();
  return filter;
}

const TOKEN = /\s*(?:([A-Za-z_][\w.-]*)|('[^']*'|"[^"]*")|(\d+)|(<=|>=|!=|[[\]()@=<>,*/]))/y;

class FilterReader {
  readonly #tokens: string[] = [];
  #at = 0;

  constructor(text: string) {
    TOKEN.lastIndex = 0;
    let at = 0;
    while (text.slice(at).trim() !== "") {
      TOKEN.lastIndex = at;
      const found = TOKEN.exec(text);
      if (found === null) throw new FilterFault(`not understood: ${text.slice(at, at + 20)}`);
      this.#tokens.push(found[1] ?? found[2] ?? found[3] ?? found[4] ?? "");
      at = TOKEN.lastIndex;
    }
  }

  end(): void {
    if (this.#at < this.#tokens.length) throw new FilterFault(`not understood: ${this.#peek()}`);
  }

  /** `*`, `Event`, `*[...]`, `Event/System[...]`. */
  path(): EventFilter {
    const root = this.#take();
    if (root !== "*" && root !== "Event") throw new FilterFault(`a path that begins with ${root}`);
    if (this.#accept("/")) return this.#section();
    return this.#accept("[") ? this.#bracketed(() => this.#section()) : () => true;
  }

  #section(): EventFilter {
    if (this.#accept("(")) return this.#group(() => this.#section());
    const name = this.#take();
    if (name === "System") return this.#accept("[") ? this.#bracketed(() => this.#systemTest()) : () => true;
    if (name === "EventData" || name === "UserData")
      return this.#accept("[") ? this.#bracketed(() => this.#dataTest()) : () => true;
    throw new FilterFault(`a section ${name}`);
  }

  #systemTest(): EventFilter {
    if (this.#accept("(")) return this.#group(() => this.#systemTest());
    const name = this.#take();
    if (name === "band") {
      this.#expect("(");
      const field = this.#take();
      this.#expect(",");
      const mask = BigInt(this.#number());
      this.#expect(")");
      return (event) => {
        const text = event.system(field);
        return text !== null && text !== "" && (BigInt(text) & mask) !== 0n;
      };
    }
    if (!this.#accept("[")) return this.#compared((event) => event.system(name));
    this.#expect("@");
    const attribute = this.#take();
    const test = this.#compared((event) => event.system(`${name}.${attribute}`));
    this.#expect("]");
    return test;
  }

  #dataTest(): EventFilter {
    if (this.#accept("(")) return this.#group(() => this.#dataTest());
    const element = this.#take();
    if (element !== "Data") throw new FilterFault(`an element ${element} of EventData`);
    if (!this.#accept("[")) {
      const test = this.#compared((event) => event.data(""));
      return (event) =>
        event
          .names()
          .some((name) => test({ system: () => null, data: () => event.data(name), names: () => [name] }));
    }
    this.#expect("@");
    if (this.#take() !== "Name") throw new FilterFault("another attribute of Data than its Name");
    this.#expect("=");
    const name = unquoted(this.#take());
    this.#expect("]");
    return this.#compared((event) => event.data(name));
  }

  #compared(fieldOf: (event: FilterEvent) => string | null): EventFilter {
    const comparison = this.#peek();
    if (!["=", "!=", "<", "<=", ">", ">="].includes(comparison)) return (event) => fieldOf(event) !== null;
    this.#take();
    const wanted = this.#take();
    const isQuoted = wanted.startsWith("'") || wanted.startsWith('"');
    if (!isQuoted && !/^\d+$/.test(wanted)) throw new FilterFault(`compared with ${wanted}`);
    const right = unquoted(wanted);
    return (event) => {
      const left = fieldOf(event);
      if (left === null) return false;
      const order = isQuoted ? (left === right ? 0 : left < right ? -1 : 1) : Number(left) - Number(right);
      switch (comparison) {
        case "=":
          return order === 0;
        case "!=":
          return order !== 0;
        case "<":
          return order < 0;
        case "<=":
          return order <= 0;
        case ">":
          return order > 0;
        default:
          return order >= 0;
      }
    };
  }

  #bracketed(read: () => EventFilter): EventFilter {
    const filter = this.#either(read);
    this.#expect("]");
    return filter;
  }

  #group(read: () => EventFilter): EventFilter {
    const filter = this.#either(read);
    this.#expect(")");
    return filter;
  }

  #either(read: () => EventFilter): EventFilter {
    const parts = [this.#both(read)];
    while (this.#accept("or")) parts.push(this.#both(read));
    return parts.length === 1 ? (parts[0] ?? (() => false)) : (event) => parts.some((part) => part(event));
  }

  #both(read: () => EventFilter): EventFilter {
    const parts = [read()];
    while (this.#accept("and")) parts.push(read());
    return parts.length === 1 ? (parts[0] ?? (() => false)) : (event) => parts.every((part) => part(event));
  }

  #number(): string {
    const token = this.#take();
    if (!/^\d+$/.test(token)) throw new FilterFault(`${token} where a number belongs`);
    return token;
  }

  #peek(): string {
    return this.#tokens[this.#at] ?? "";
  }

  #take(): string {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw new FilterFault("an expression that ends too soon");
    this.#at += 1;
    return token;
  }

  #accept(token: string): boolean {
    if (this.#peek() !== token) return false;
    this.#at += 1;
    return true;
  }

  #expect(token: string): void {
    if (!this.#accept(token)) throw new FilterFault(`${this.#peek() || "the end"} where ${token} belongs`);
  }
}

function unquoted(token: string): string {
  return /^['"]/.test(token) ? token.slice(1, -1) : token;
}
