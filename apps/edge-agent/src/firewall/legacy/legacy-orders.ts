import { z } from "zod";

/**
 * What the agent tells the legacy listener when it starts it: one line of JSON on its standard input, which then stays
 * open. When that ends, the agent has gone and so goes the listener.
 */
export const legacyOrders = z.strictObject({
  listen: z.strictObject({ host: z.string(), port: z.number().int() }),
  certPem: z.string(),
  keyPem: z.string(),
  /** Who may connect at all. */
  sources: z.array(z.string()).min(1),
  /** Epoch ms: then it ends by itself, whatever becomes of the agent. */
  until: z.number(),
  /** Path of the agent's own socket. */
  forwardTo: z.string(),
  /** 32 bytes, base64: what the agent knows the listener by. */
  token: z.string(),
});
export type LegacyOrders = z.infer<typeof legacyOrders>;

/** What the legacy listener says on its standard output, one line of JSON each. */
export const legacyReport = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("listening"), host: z.string(), port: z.number().int() }),
  z.strictObject({ kind: z.literal("failed"), code: z.string(), message: z.string() }),
  z.strictObject({ kind: z.literal("turned-away"), address: z.string(), count: z.number().int() }),
]);
export type LegacyReport = z.infer<typeof legacyReport>;
