import { decodeComponent } from "../parameters.ts";
import { redactParameters } from "./redact-parameters.ts";
import type { ValueRules } from "./value-rules.ts";

/** Replaces addresses and names in the target of a request, or in an address of another page. Null where it has too many parameters. */
export function redactTarget(target: string, rules: ValueRules): string | null {
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? null : redactParameters(target.slice(mark + 1).replace(/#.*$/s, ""), rules);
  if (mark >= 0 && query === null) return null;
  const shown = path
    .replace(/#.*$/s, "")
    .split("/")
    .map((segment) => {
      if (segment === "" || /^https?:$/i.test(segment)) return segment;
      const plain = decodeComponent(segment);
      const kept = rules.segment(plain);
      return kept === plain ? segment : encodeURIComponent(kept).replaceAll("%3A", ":");
    })
    .join("/");
  return query === null ? shown : `${shown}?${query}`;
}
