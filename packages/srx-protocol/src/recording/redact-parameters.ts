import { decodeComponent, MAX_PARAMETERS } from "../parameters.ts";
import type { ValueRules } from "./value-rules.ts";

const RANGE = /^([0-9a-fA-F.:]+)\s*([-/])\s*([0-9a-fA-F.:]+)$/;

/**
 * Replaces the values of `a=b&c=d` and leaves order, repeats and the way of writing as they are.
 * Null where there are more than a firewall's request can have.
 */
export function redactParameters(text: string, rules: ValueRules): string | null {
  if (text === "") return "";
  const pieces = text.split("&");
  if (pieces.length > MAX_PARAMETERS) return null;
  return pieces
    .map((piece) => {
      const equals = piece.indexOf("=");
      const name = decodeComponent(equals < 0 ? piece : piece.slice(0, equals));
      const shown = write(equals < 0 ? piece : piece.slice(0, equals), name, rules.name(name, false));
      if (equals < 0) return shown;
      const raw = piece.slice(equals + 1);
      const value = decodeComponent(raw);
      return `${shown}=${write(raw, value, redactList(name, value, rules))}`;
    })
    .join("&");
}

/** Lists, prefixes and ranges keep their form: `10.0.0.0/8,10.1.0.1-10.1.0.9`. */
function redactList(name: string, value: string, rules: ValueRules): string {
  if (/[,;]/.test(value)) return value.replace(/[^,;]+/g, (item) => redactList(name, item, rules));
  const range = RANGE.exec(value);
  if (range === null) return rules.text([name], value);
  const [, from = "", between = "", to = ""] = range;
  const isLength = between === "/" && /^\d{1,3}$/.test(to);
  return `${rules.text([name], from)}${between}${isLength ? to : rules.text([name], to)}`;
}

function write(raw: string, before: string, after: string): string {
  if (before === after) return raw;
  return raw === before && /^[\w.~:,;/@-]*$/.test(after) ? after : encodeURIComponent(after);
}
