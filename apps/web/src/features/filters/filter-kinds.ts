import type { Filter } from "./try-filters.ts";

/** What a filter can do, in the order in which filters are decided. */
export const KINDS: readonly {
  readonly value: Filter["kind"];
  readonly label: string;
  readonly help: string;
}[] = [
  {
    value: "ip-exclude",
    label: "Leave an address range out",
    help: "An excluded address never becomes a session.",
  },
  {
    value: "ip-include",
    label: "Keep only an address range",
    help: "With one or more of these, every other address is left out.",
  },
  {
    value: "principal-exclude",
    label: "Leave people or devices out",
    help: "RE2 expression, matched without case against name, DOMAIN\\name and UPN.",
  },
  {
    value: "dn-exclude",
    label: "Leave a part of the directory out",
    help: "RE2 expression over the distinguished name.",
  },
  {
    value: "group-include",
    label: "Tell only certain groups",
    help: "RE2 expression over group names: it shortens the groups of an entry, it removes nobody.",
  },
];

export function kindLabel(kind: Filter["kind"]): string {
  return KINDS.find((each) => each.value === kind)?.label ?? kind;
}
