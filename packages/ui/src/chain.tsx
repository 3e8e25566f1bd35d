import type { ReactNode } from "react";
import { STATE_EDGE, STATE_TEXT, STATE_WORDS, type State, StateGlyph } from "./state.tsx";

export interface ChainLink {
  /** Directory, Sources, Agent, Firewall, People. */
  readonly name: string;
  readonly state: State;
}

export interface ChainCell extends ChainLink {
  readonly headline: ReactNode;
  readonly detail: ReactNode;
  /** A link to what the cell speaks of. */
  readonly action?: ReactNode;
}

/** "Directory healthy, Sources broken, …": what a screen reader hears in place of five shapes. */
export function chainInWords(links: readonly ChainLink[]): string {
  return links.map((link) => `${link.name} ${STATE_WORDS[link.state].toLowerCase()}`).join(", ");
}

/** Five shapes joined by hairlines, for table rows. */
export function ChainGlyphs({ links }: { links: readonly ChainLink[] }) {
  const words = chainInWords(links);
  return (
    <span role="img" aria-label={words} title={words} className="inline-flex items-center">
      {links.map((link, index) => (
        <span key={link.name} className="inline-flex items-center">
          {index > 0 ? <span aria-hidden className="h-px w-2 bg-line-strong" /> : null}
          <StateGlyph state={link.state} />
        </span>
      ))}
    </span>
  );
}

/** The chain as five ruled cells with a coloured top edge: the signature of every page that explains health. */
export function ChainCells({ cells, label }: { cells: readonly ChainCell[]; label: string }) {
  return (
    <ol
      aria-label={label}
      className="grid grid-cols-1 overflow-hidden rounded-md border border-line bg-surface sm:grid-cols-2 lg:grid-cols-5"
    >
      {cells.map((cell) => (
        <li
          key={cell.name}
          data-testid={`chain-${cell.name.toLowerCase()}`}
          data-state={cell.state}
          className="relative border-line px-4 pt-3.5 pb-3 max-sm:border-b max-sm:last:border-b-0 sm:max-lg:border-b sm:max-lg:odd:border-r lg:border-r lg:last:border-r-0"
        >
          <span aria-hidden className={`absolute inset-x-0 top-0 h-[3px] ${STATE_EDGE[cell.state]}`} />
          <p className="flex items-center gap-1.5 text-xs font-semibold text-ink-2">
            <StateGlyph state={cell.state} />
            {cell.name}
            <span className="sr-only">: {STATE_WORDS[cell.state]}</span>
          </p>
          <p
            className="mt-1 truncate text-base font-semibold text-ink"
            title={typeof cell.headline === "string" ? cell.headline : undefined}
          >
            {cell.headline}
          </p>
          <p className={`text-sm ${STATE_TEXT[cell.state]}`}>{cell.detail}</p>
          {cell.action === undefined ? null : <p className="mt-1 text-sm">{cell.action}</p>}
        </li>
      ))}
    </ol>
  );
}

/** The chain drawn hollow: how an empty page says what will stand here. */
export function HollowChain() {
  return (
    <span aria-hidden className="inline-flex items-center">
      {["directory", "sources", "agent", "firewall", "people"].map((name, index) => (
        <span key={name} className="inline-flex items-center">
          {index > 0 ? <span className="h-px w-6 bg-line-strong" /> : null}
          <StateGlyph state="never" />
        </span>
      ))}
    </span>
  );
}
