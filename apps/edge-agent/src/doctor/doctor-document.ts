import { checkResult, sourceKind } from "@rollcall/agent-protocol";
import { z } from "zod";

export const DOCTOR_SCHEMA = "rollcall.doctor/v1";

/**
 * What was examined, in order; a check that is `ok` and has a remedy is advice. One account that could be read may be named in it,
 * so it is told to those who hold the local token, and to the portal's people who may test sources.
 */
export const doctorDocument = z.object({
  schema: z.literal(DOCTOR_SCHEMA),
  at: z.number().int(),
  /** `failed` where any check failed, `advice` where all is well and something could be better. */
  state: z.enum(["ok", "advice", "failed"]),
  sections: z.array(
    z.object({
      /** `machine`, or which kind of source. */
      kind: z.union([z.literal("machine"), sourceKind]),
      id: z.string(),
      name: z.string(),
      checks: z.array(checkResult),
    }),
  ),
});
export type DoctorDocument = z.infer<typeof doctorDocument>;
export type DoctorSection = DoctorDocument["sections"][number];
