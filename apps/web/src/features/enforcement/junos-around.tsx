"use client";

import { type JunosBlock, MASKED_SECRET } from "@rollcall/junos";
import { CopyButton } from "@rollcall/ui/copy-button";

/** Lines that are typed one by one, before or after the copied ones. */
export function AroundBlock({ block }: { block: Omit<JunosBlock, "id"> }) {
  return (
    <li className="border-b border-line px-4 py-2.5 last:border-b-0">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <h3 className="text-sm font-semibold">{block.title}</h3>
        <span className="text-xs text-ink-3">
          {block.kind === "operational"
            ? "operational mode"
            : block.kind === "commit"
              ? "configuration mode, looking in between"
              : "configuration mode"}
        </span>
        {/* A mask is no secret: there is nothing to copy. */}
        {block.lines.some((line) => line.includes(MASKED_SECRET)) ? null : (
          <span className="ml-auto">
            <CopyButton
              text={`${block.lines.join("\n")}\n`}
              size="small"
              label={`Copy ${block.lines.length === 1 ? "1 line" : `${block.lines.length} lines`}`}
            />
          </span>
        )}
      </div>
      {block.warning === null ? null : <p className="mt-0.5 text-xs text-warn-ink">{block.warning}</p>}
      <ul className="mt-1 font-mono text-xs leading-5 break-all">
        {block.lines.map((line, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a line is known by its place
          <li key={index}>{line}</li>
        ))}
      </ul>
    </li>
  );
}
