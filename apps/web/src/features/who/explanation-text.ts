import { personOf } from "~/features/enforcement/point-words.ts";
import type { Outputs } from "~/trpc/outputs.ts";
import { type Explained, kindInWords } from "./explained-words.ts";
import { accountOf, becauseInWords, VERB_WORDS } from "./session-words.ts";

type Detail = Outputs["sessions"]["get"];

/** The explanation for a ticket: plain lines, instants in ISO 8601 UTC. */
export function explanationAsText(
  detail: Detail,
  explained: Explained | undefined,
  customer: string,
): string {
  const { session } = detail;
  const who =
    session === null ? "never seen" : (accountOf(session) ?? becauseInWords(session.unknownBecause));
  return [
    `${customer}: ${detail.ip} (${detail.addressSpace.name}) as of ${detail.asOf.toISOString()}`,
    `Person: ${who}`,
    ...(session?.user === null || session === null
      ? []
      : [`Groups: ${session.user.groups.join(", ") || "none"}`]),
    ...(session?.expiresAt === null || session === null
      ? []
      : [`Runs out: ${session.expiresAt.toISOString()}`]),
    "",
    "Said by sources:",
    ...detail.history.map(
      (item) =>
        `  ${item.at.toISOString()} ${personOf(item)} ${VERB_WORDS[item.verb]}, ${item.source.name}${item.agent === null ? "" : ` at ${item.agent}`}, ${item.rule}, class ${item.evidence}`,
    ),
    "Decided:",
    ...(explained?.lines.map(
      (line) =>
        `  ${line.at === null ? "" : `${line.at.toISOString()} `}${kindInWords(line.kind)}: ${line.principal === null ? "" : `${line.principal}, `}${line.sentence}${line.source === null ? "" : ` [${line.source}]`} (law ${line.law}${line.rule === "" ? "" : `, ${line.rule}`})`,
    ) ?? detail.explain.map((line) => `  ${line.sentence} (${line.rule})`)),
    ...(explained === undefined || explained.marks.length === 0
      ? []
      : ["Marked:", ...explained.marks.map((mark) => `  ${mark.range}: ${mark.mark}, ${mark.mode}`)]),
    ...(explained === undefined || explained.hostMark === null
      ? []
      : [`Computer marked: under ${explained.hostMark.under}, ${explained.hostMark.mode}`]),
    "Told:",
    ...(detail.told.length === 0
      ? ["  no firewall yet"]
      : detail.told.map(
          (item) =>
            `  ${item.at.toISOString()} ${item.firewall.name}: ${personOf(item)} by ${item.responder}, ${item.how}`,
        )),
  ].join("\n");
}
