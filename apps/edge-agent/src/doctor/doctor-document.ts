import { checkResult, sourceKind } from "@rollcall/agent-protocol";
import { z } from "zod";

export const DOCTOR_SCHEMA = "rollcall.doctor/v1";

/** What was examined, in order; a check that is `ok` and has a remedy is advice. Nobody's name or address is in it. */
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
