export type WhenSourcesDark = "hold" | "shorten" | "drop";

/** The three choices of a fail-safe, as a person weighs them. */
export const DARK_CHOICES: readonly {
  readonly value: WhenSourcesDark;
  readonly label: string;
  readonly help: string;
}[] = [
  {
    value: "shorten",
    label: "kept for a while",
    help: "The middle way. A short outage goes unnoticed; after it nobody is named on old word.",
  },
  {
    value: "hold",
    label: "kept until they run out",
    help: "Nobody loses access during an outage. Somebody who has left may be named for hours.",
  },
  {
    value: "drop",
    label: "unknown at once",
    help: "Nobody is named wrongly. Rules that name people stop matching for everybody, at once.",
  },
];

/** "kept for 30 minutes", for a list of choices that were made. */
export function darkInWords({
  whenSourcesDark,
  darkMinutes,
}: {
  readonly whenSourcesDark: WhenSourcesDark;
  readonly darkMinutes: number;
}): string {
  if (whenSourcesDark === "shorten")
    return `kept for ${darkMinutes === 1 ? "1 minute" : `${darkMinutes} minutes`}`;
  return DARK_CHOICES.find(({ value }) => value === whenSourcesDark)?.label ?? whenSourcesDark;
}
