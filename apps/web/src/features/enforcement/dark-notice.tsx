import { Notice } from "@rollcall/ui/notice";
import { TimeAgo } from "@rollcall/ui/time";
import { darkInWords } from "./dark-words.ts";
import type { Point } from "./point-values.ts";

/** While a source cannot be heard: which, since when, and what this firewall is told of its people meanwhile. */
export function DarkNotice({ point }: { point: Point }) {
  if (point.darkSources.length === 0) return null;
  return (
    <Notice tone="warn" live title="It is told less than usual">
      <p>People named by a source that cannot be heard are {darkInWords(point)}.</p>
      <ul className="mt-1 list-disc pl-5">
        {point.darkSources.map((source) => (
          <li key={`${source.agent} ${source.name}`}>
            {source.name}, not heard by {source.agent} since <TimeAgo at={source.since} />
          </li>
        ))}
      </ul>
    </Notice>
  );
}
