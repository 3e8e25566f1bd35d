import type { ChainLink } from "@rollcall/ui/chain";
import type { Outputs } from "~/trpc/outputs.ts";

type ApiLink = Outputs["customers"]["overview"]["chain"]["links"][number];

const LINK_WORDS: Readonly<Record<ApiLink["link"], string>> = {
  directory: "Directory",
  sources: "Sources",
  agent: "Agent",
  firewall: "Firewall",
  people: "People",
};

export function linkName(link: ApiLink["link"]): string {
  return LINK_WORDS[link];
}

export function chainLinks(links: readonly Pick<ApiLink, "link" | "state">[]): readonly ChainLink[] {
  return links.map(({ link, state }) => ({ name: LINK_WORDS[link], state }));
}
