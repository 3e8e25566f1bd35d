import { printable, type Terminal } from "../cli/terminal.ts";
import type { DoctorDocument } from "./doctor-document.ts";

const NAME = 20;

/** Draws what was examined for a person: one line a check, and below it what to do. */
export function renderDoctor(document: DoctorDocument, terminal: Pick<Terminal, "tint">): string {
  const lines: string[] = [];
  let failed = 0;
  let advice = 0;
  for (const { name, kind, id, checks } of document.sections) {
    lines.push(terminal.tint(printable(kind === "machine" ? name : `${name} (${kind} ${id})`), "bold"));
    for (const { name: check, ok, detail, remedy } of checks) {
      if (!ok) failed += 1;
      else if (remedy !== undefined) advice += 1;
      const word = ok ? (remedy === undefined ? "ok" : "advice") : "FAILED";
      const tint = ok ? (remedy === undefined ? "good" : "warn") : "bad";
      lines.push(
        `  ${terminal.tint(word.padEnd(7), tint)} ${printable(check).padEnd(NAME)} ${printable(detail)}`,
      );
      if (remedy !== undefined) lines.push(`          ${terminal.tint("→", "dim")} ${printable(remedy)}`);
    }
    lines.push("");
  }
  lines.push(
    failed > 0
      ? terminal.tint(`${count(failed, "check")} failed.`, "bad")
      : advice > 0
        ? terminal.tint(`Everything works. ${count(advice, "thing")} could be better.`, "warn")
        : terminal.tint("Everything works.", "good"),
  );
  return lines.join("\n");
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
