import { z } from "zod";

/** The words of `@rollcall/health`, as they leave the API. */
export const linkState = z.enum(["ok", "warn", "bad", "busy", "off", "never", "unknown"]);
export type LinkStateName = z.infer<typeof linkState>;

export const health = z.object({ state: linkState, sentence: z.string(), since: z.date().nullable() });
export type HealthView = z.infer<typeof health>;

export const chainLink = health.extend({
  link: z.enum(["directory", "sources", "agent", "firewall", "people"]),
  /** The short form: "2 of 2 answering", "236 known". */
  headline: z.string(),
});

/** Directory -> Sources -> Agent -> Firewall -> People, and the worst of them in words. */
export const chain = health.extend({ links: z.array(chainLink).length(5) });
export type ChainView = z.infer<typeof chain>;
