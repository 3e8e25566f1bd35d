import { secretRef } from "@rollcall/agent-protocol";
import { z } from "zod";

const apiPath = z
  .string()
  .regex(/^[A-Za-z0-9_.~-]+(?:\/[A-Za-z0-9_.~-]+)*$/)
  .max(128);

/** The server beside which this agent runs without answering any firewall. */
export const shadowBlock = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .max(500)
    .describe("The other server: scheme, host and port, as a firewall has it."),
  clientId: z
    .string()
    .min(1)
    .max(64)
    .describe(
      "Client id of an enforcement point made there for this comparison; its filters narrow what is compared.",
    ),
  secret: secretRef.describe("Its client secret; in a local file the path of a file that holds it."),
  caPem: z
    .string()
    .max(32_768)
    .optional()
    .describe("PEM of the CA that signed the server's certificate; the system's store where absent."),
  dangerouslyTrustAnyCertificate: z
    .boolean()
    .default(false)
    .describe("Does not check the server's certificate, as a firewall without a ca-profile does."),
  everySeconds: z.number().int().min(1).max(3600).default(10).describe("Seconds between two batch queries."),
  compareSeconds: z
    .number()
    .int()
    .min(1)
    .max(3600)
    .default(60)
    .describe("Seconds between two comparisons of the tables."),
  addressSpaceId: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .describe("The address space that is compared; the first where absent."),
  profile: z
    .string()
    .min(1)
    .max(64)
    .default("json-superset")
    .describe("How the server's answers are read: a built-in profile, or the id of one of `profiles`."),
  tokenApi: apiPath.default("oauth_token/oauth").describe("Path of the token request."),
  queryApi: apiPath.default("user_query/v2").describe("Path before each query."),
});
export type ShadowBlock = z.infer<typeof shadowBlock>;
