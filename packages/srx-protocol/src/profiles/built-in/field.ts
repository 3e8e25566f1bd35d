import type { CanonicalField, ProfileField } from "../profile-document.ts";

/** A field with nothing unusual about it. */
export function field(
  of: CanonicalField,
  as: readonly string[],
  over: Partial<ProfileField> = {},
): ProfileField {
  return {
    of,
    as,
    on: "both",
    whenEmpty: "auto",
    words: null,
    value: "",
    separator: null,
    asText: false,
    ...over,
  };
}
