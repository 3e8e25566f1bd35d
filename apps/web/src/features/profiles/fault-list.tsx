import { Notice } from "@rollcall/ui/notice";
import { lineOfPath } from "./line-of-path.ts";

/** What is wrong with a profile, each with where it stands in the text. */
export function FaultList({
  title,
  faults,
  text,
}: {
  title: string;
  faults: readonly { readonly path: string; readonly sentence: string }[];
  text: string;
}) {
  return (
    <Notice tone="bad" live title={title}>
      <ul className="mt-1 flex flex-col gap-1" data-testid="profile-faults">
        {faults.map((fault) => {
          const line = fault.path === "" ? null : lineOfPath(text, fault.path);
          return (
            <li key={`${fault.path} ${fault.sentence}`}>
              {fault.path === "" ? null : (
                <>
                  {line === null ? "" : `Line ${line}, `}
                  <span className="font-mono text-xs">{fault.path}</span>:{" "}
                </>
              )}
              {fault.sentence}
            </li>
          );
        })}
      </ul>
    </Notice>
  );
}
