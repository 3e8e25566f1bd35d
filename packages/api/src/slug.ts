/** A slug for a path or an identifier: lower case letters, digits and single hyphens; `fallback` where nothing is left. */
export function slugOf(name: string, maxLength: number, fallback: string): string {
  const plain = name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replaceAll("ß", "ss")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, maxLength)
    .replace(/^-+|-+$/g, "");
  return plain === "" ? fallback : plain;
}

/** The first of `name`, `name-2`, `name-3`, … that is free, within `maxLength`. */
export function firstFree(name: string, maxLength: number, isTaken: (candidate: string) => boolean): string {
  for (let number = 1; ; number += 1) {
    const suffix = number === 1 ? "" : `-${number}`;
    const candidate = `${name.slice(0, maxLength - suffix.length).replace(/-+$/, "")}${suffix}`;
    if (!isTaken(candidate)) return candidate;
  }
}
