/** The first letters of the first and last word that matter: "Castell & Daughters LLP" gives CD. */
export function initialsOf(name: string): string {
  const words = name
    .replace(/\(.*?\)/g, " ")
    .split(/[\s/·,-]+/)
    .filter(
      (word) =>
        /^[\p{L}\p{N}]/u.test(word) &&
        !/^(and|und|et|of|the|ltd|llp|llc|gmbh|inc|plc|ag|sa|bv|co)\.?$/i.test(word),
    );
  const first = words[0] ?? name.trim();
  const second = words[1];
  const letters = second === undefined ? [...first].slice(0, 2) : [[...first][0], [...second][0]];
  return letters.join("").toUpperCase();
}

/** Two letters in the customer's own hue. Decorative where the name stands beside it, named where it stands alone. */
export function Monogram({ name, hue, alone = false }: { name: string; hue: number; alone?: boolean }) {
  return (
    <span
      data-hue={((hue % 10) + 10) % 10}
      className="hue-mark inline-flex size-6 shrink-0 items-center justify-center rounded-sm text-2xs font-bold select-none forced-colors:border"
      {...(alone ? { role: "img", "aria-label": name, title: name } : { "aria-hidden": true })}
    >
      {initialsOf(name)}
    </span>
  );
}
