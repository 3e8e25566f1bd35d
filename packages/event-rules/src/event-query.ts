import type { EventRule, EventSourceKind } from "./event-rule.ts";
import { EVENT_RULES } from "./event-rules.ts";
import type { RuleSwitches } from "./rule-switches.ts";
import { LOGON_SHARES } from "./shares.ts";

const AUDIT_SUCCESS = "9007199254740992";
/** Fields compared in one `Select`: each is two of the 20 expressions that Windows takes there. */
const PAIRS_MAX = 9;
/** "The audit log was cleared": written first into the cleared log. */
export const LOG_CLEARED = 1102;
/** A network logon without an address, or of nobody, names nobody: such events need not travel. */
const NOBODY = [
  ["IpAddress", "-"],
  ["IpAddress", "127.0.0.1"],
  ["IpAddress", "::1"],
  ["TargetUserSid", "S-1-5-7"],
] as const;

export interface QueryWish {
  readonly kind: EventSourceKind;
  /** One log, or several of a computer that forwards. */
  readonly channels: readonly string[];
  readonly rules: RuleSwitches;
  /** Shares that count beside those of every logon: `faultOfShare` has nothing against them. */
  readonly shares?: readonly string[];
}

/**
 * The query that a server filters with: what the rules that are on can use, and nothing else.
 *
 * Shape:  structured XML; an event that no rule takes is not sent. At most 20 expressions stand in one `Select`.
 * Source: windows-events 4; Win32 "Consuming Events", XPath 1.0 limitations (documented).
 */
export function eventQuery({ kind, channels, rules, shares = [] }: QueryWish): string {
  const wanted = EVENT_RULES.filter((rule) => rule.sources.includes(kind) && rules.isOn(rule.id));
  const selects = selectsOf(wanted, shares);
  // Where computers report themselves, loopback is what an interactive logon has as its address.
  const suppress = kind === "domain-controller" || kind === "exchange" ? suppressNobody() : [];
  return queryList(channels, selects, suppress);
}

/** The same events by their numbers alone, for a server that refuses the other query. More travels, the rules decide. */
export function plainEventQuery({ kind, channels, rules }: QueryWish): string {
  const ids = EVENT_RULES.filter((rule) => rule.sources.includes(kind) && rules.isOn(rule.id)).map(
    ({ eventId }) => eventId,
  );
  const any = [...new Set([...ids, LOG_CLEARED])].map((id) => `EventID=${id}`).join(" or ");
  return queryList(channels, [`*[System[${any}]]`], []);
}

function selectsOf(wanted: readonly EventRule[], shares: readonly string[]): string[] {
  const plain = wanted.filter((rule) => rule.logonTypes === undefined && rule.share === undefined);
  const ids = [...new Set(plain.map(({ eventId }) => eventId))].map((id) => `EventID=${id}`);
  // Failures carry another keyword: they do not travel.
  const selects =
    ids.length === 0 ? [] : [`*[System[(${ids.join(" or ")}) and band(Keywords,${AUDIT_SUCCESS})]]`];
  selects.push(`*[System[EventID=${LOG_CLEARED}]]`);
  for (const eventId of new Set(wanted.map((rule) => rule.eventId))) {
    const types = wanted.flatMap((rule) => (rule.eventId === eventId ? (rule.logonTypes ?? []) : []));
    if (types.length > 0)
      selects.push(
        `*[System[EventID=${eventId}] and EventData[${anyOf(types.map((type) => ["LogonType", type]))}]]`,
      );
  }
  for (const { eventId, share } of wanted) {
    if (share === undefined) continue;
    const pairs = [...LOGON_SHARES, ...shares].map((name) => [share, `\\\\*\\${name}`] as const);
    for (let from = 0; from < pairs.length; from += PAIRS_MAX)
      selects.push(
        `*[System[EventID=${eventId}] and EventData[${anyOf(pairs.slice(from, from + PAIRS_MAX))}]]`,
      );
  }
  return selects;
}

function suppressNobody(): string[] {
  return [`*[System[EventID=4624] and EventData[${anyOf(NOBODY)}]]`];
}

function anyOf(pairs: readonly (readonly [string, string])[]): string {
  return pairs.map(([name, value]) => `Data[@Name='${name}']='${value}'`).join(" or ");
}

function queryList(
  channels: readonly string[],
  selects: readonly string[],
  suppress: readonly string[],
): string {
  const queries = channels.map((channel, index) => {
    const path = escaped(channel);
    const lines = [
      ...selects.map((select) => `<Select Path="${path}">${escaped(select)}</Select>`),
      ...suppress.map((one) => `<Suppress Path="${path}">${escaped(one)}</Suppress>`),
    ];
    return `<Query Id="${index}" Path="${path}">${lines.join("")}</Query>`;
  });
  return `<QueryList>${queries.join("")}</QueryList>`;
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
