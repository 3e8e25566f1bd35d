/**
 * One configuration statement: where it stands, its name, and its value if it has one.
 * A container is one heading of the curly form, with its key: "ca-profile ROLLCALL".
 */
export interface Statement {
  readonly containers: readonly string[];
  readonly name: string;
  readonly value: string | null;
  /** Several of this name may stand side by side, so that taking one back names its value. */
  readonly isList: boolean;
}

/** The lines are statements of one container tree; `under` and the others write them down. */
export interface StatementsUnder {
  /** The containers as one text, as a `delete` names them. */
  readonly path: string;
  option(name: string, value: string | number): Statement;
  listed(name: string, value: string): Statement;
  flag(name: string): Statement;
  under(...containers: string[]): StatementsUnder;
}

export function under(...containers: string[]): StatementsUnder {
  return {
    path: containers.join(" "),
    option: (name, value) => ({ containers, name, value: String(value), isList: false }),
    listed: (name, value) => ({ containers, name, value, isList: true }),
    flag: (name) => ({ containers, name, value: null, isList: false }),
    under: (...more) => under(...containers, ...more),
  };
}

/** Text as Junos takes it inside double quotes; `checkInput` has refused what could end them. */
export function quoted(text: string): string {
  return `"${text}"`;
}

export function setLines(statements: readonly Statement[]): string[] {
  return statements.map(({ containers, name, value }) => join("set", ...containers, name, value));
}

/** Takes back what `setLines` set, last first, so that what refers to something goes before it. */
export function deleteLines(statements: readonly Statement[]): string[] {
  const lines = statements.map(({ containers, name, value, isList }) =>
    join("delete", ...containers, name, isList ? value : null),
  );
  return [...new Set(lines.reverse())];
}

interface Heading {
  readonly children: Map<string, Heading>;
  readonly leaves: string[];
}

/** The curly form, ready for `load merge terminal`. */
export function curlyLines(statements: readonly Statement[]): string[] {
  const root: Heading = { children: new Map(), leaves: [] };
  for (const { containers, name, value } of statements) {
    let heading = root;
    for (const container of containers) {
      const next = heading.children.get(container) ?? { children: new Map(), leaves: [] };
      heading.children.set(container, next);
      heading = next;
    }
    heading.leaves.push(`${join(name, value)};`);
  }
  return render(root, 0);
}

function render(heading: Heading, depth: number): string[] {
  const pad = "    ".repeat(depth);
  const leaves = heading.leaves.map((leaf) => pad + leaf);
  const children = [...heading.children].flatMap(([name, child]) => [
    `${pad}${name} {`,
    ...render(child, depth + 1),
    `${pad}}`,
  ]);
  return [...leaves, ...children];
}

function join(...words: (string | null)[]): string {
  return words.filter((word) => word !== null).join(" ");
}
