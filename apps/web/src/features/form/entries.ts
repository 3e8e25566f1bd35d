/** The entries of a box in which one writes one to a line (commas and semicolons count too), trimmed, without repeats. */
export function entriesOf(text: string): string[] {
  return [
    ...new Set(
      text
        .split(/[\n,;]+/)
        .map((line) => line.trim())
        .filter((line) => line !== ""),
    ),
  ];
}
