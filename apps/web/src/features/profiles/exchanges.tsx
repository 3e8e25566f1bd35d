import type { Outputs } from "~/trpc/outputs.ts";
import { Words } from "./words.tsx";

export type Shown = Pick<
  Extract<Outputs["profiles"]["preview"], { kind: "read" }>,
  "description" | "exchanges"
>;

/** How a firewall would be answered: in sentences, then question and answer side by side as they stand on the wire. */
export function Exchanges({ shown }: { shown: Shown }) {
  return (
    <div className="flex flex-col gap-4" data-testid="profile-preview">
      <ul className="list-disc pl-5 text-sm text-ink-2">
        {shown.description.map((sentence) => (
          <li key={sentence}>
            <Words text={sentence} />
          </li>
        ))}
      </ul>
      {shown.exchanges.map((exchange) => (
        <section
          key={exchange.name}
          aria-label={exchange.says}
          data-testid="exchange"
          data-row={exchange.name}
        >
          <h3 className="pb-1 text-sm font-semibold">{exchange.says}</h3>
          <div className="grid overflow-hidden rounded-md border border-line lg:grid-cols-2">
            <Message title="It asks" text={exchange.request} />
            <Message title="It is told" text={exchange.response} isSecond />
          </div>
        </section>
      ))}
    </div>
  );
}

function Message({ title, text, isSecond = false }: { title: string; text: string; isSecond?: boolean }) {
  return (
    <div
      className={`flex min-w-0 flex-col ${isSecond ? "border-t border-line lg:border-t-0 lg:border-l" : ""}`}
    >
      <p className="border-b border-line bg-sunken px-3 py-1 text-xs font-semibold text-ink-2">{title}</p>
      <pre className="px-3 py-2 font-mono text-xs leading-5 whitespace-pre-wrap wrap-anywhere">
        {readable(text)}
      </pre>
    </div>
  );
}

/** A body of one long line is broken up for the eye; the wire has it in one. */
function readable(text: string): string {
  const message = text.replaceAll("\r\n", "\n").trimEnd();
  const gap = message.indexOf("\n\n");
  if (gap < 0) return message;
  const body = message.slice(gap + 2);
  return `${message.slice(0, gap + 2)}${indented(body)}`;
}

function indented(body: string): string {
  if (body.startsWith("{") || body.startsWith("["))
    try {
      return JSON.stringify(JSON.parse(body), null, 2);
    } catch {
      return body;
    }
  if (body.startsWith("<")) return body.replaceAll("><", ">\n<");
  return body;
}
