import { ChainCells } from "@rollcall/ui/chain";
import { TimeAgo } from "@rollcall/ui/time";
import Link from "next/link";
import type { Outputs } from "~/trpc/outputs.ts";
import { linkName } from "./chain-words.ts";

type Chain = Outputs["customers"]["overview"]["chain"];

const PAGE_OF: Readonly<Record<Chain["links"][number]["link"], string>> = {
  directory: "/directories",
  sources: "/syslog",
  agent: "/agents",
  firewall: "/enforcement",
  people: "/who",
};

/** The customer's chain as five cells; each says how it is, since when, and leads to what it speaks of. */
export function CustomerChain({ chain, slug }: { chain: Chain; slug: string }) {
  return (
    <ChainCells
      label={`Chain: ${chain.sentence}`}
      cells={chain.links.map((link) => ({
        name: linkName(link.link),
        state: link.state,
        headline: (
          <Link
            href={`/c/${slug}${PAGE_OF[link.link]}`}
            className="rounded-sm hover:text-accent hover:underline"
          >
            {link.headline}
          </Link>
        ),
        detail: (
          <>
            {link.sentence}
            {link.since === null || link.state === "ok" ? null : (
              <span className="block text-xs text-ink-3">
                since <TimeAgo at={link.since} />
              </span>
            )}
          </>
        ),
      }))}
    />
  );
}
