import { type EventFilter, FilterFault, parseFilter } from "./event-filter.ts";

export interface EventQuery {
  /** The logs that are named in it; none where it is a bare expression. */
  readonly channels: readonly string[];
  readonly takes: EventFilter;
}

/** Windows refuses more expressions in one `Select`. */
const EXPRESSIONS_MAX = 32;

/**
 * Reads a query as a server gets it: one XPath expression, or structured XML with selects and suppresses.
 * Errors: `FilterFault`.
 * Source: [MS-EVEN6] 2.2.15 and 2.2.16 (documented).
 */
export function parseQuery(text: string): EventQuery {
  const trimmed = text.trim();
  if (!trimmed.startsWith("<")) return { channels: [], takes: parseFilter(trimmed) };
  if (!trimmed.startsWith("<QueryList>") || !trimmed.endsWith("</QueryList>"))
    throw new FilterFault("XML that is no query list");
  const selects: EventFilter[] = [];
  const suppresses: EventFilter[] = [];
  const channels = new Set<string>();
  const parts = /<(Select|Suppress)(?:\s+Path="([^"]*)")?\s*>([^<]*)<\/\1>/g;
  for (const [, kind, channel, expression = ""] of trimmed.matchAll(parts)) {
    if ((expression.match(/=|band\(/g) ?? []).length > EXPRESSIONS_MAX)
      throw new FilterFault("more expressions than a select may have");
    (kind === "Select" ? selects : suppresses).push(parseFilter(unescaped(expression)));
    if (channel !== undefined) channels.add(unescaped(channel));
  }
  if (selects.length === 0) throw new FilterFault("a query that selects nothing");
  return {
    channels: [...channels],
    takes: (event) =>
      selects.some((select) => select(event)) && !suppresses.some((suppress) => suppress(event)),
  };
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&lt;": "<",
  "&gt;": ">",
  "&amp;": "&",
  "&quot;": '"',
  "&apos;": "'",
};

function unescaped(text: string): string {
  return text.replace(/&(?:lt|gt|amp|quot|apos);/g, (entity) => ENTITIES[entity] ?? entity);
}
