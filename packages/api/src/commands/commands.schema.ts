import { agentCommand, commandResult, tailLine } from "@rollcall/agent-protocol";
import { z } from "zod";
import { customerInput, objectInput, uuid } from "../input-fields.ts";

/** Where no agent is named: a tested source's site decides, else the agent that spoke last. */
export const startCommandInput = customerInput.extend({ agentId: uuid.optional(), command: agentCommand });

export const startedCommand = z.object({
  id: uuid,
  agent: z.object({ id: uuid, name: z.string() }),
  deadline: z.date(),
});

export const commandInput = objectInput;
export const commandView = z.object({
  id: uuid,
  kind: z.enum([
    "test-source",
    "doctor",
    "look-up-address",
    "tail",
    "push-resync",
    "resume-credential",
    "probe-address",
  ]),
  agent: z.object({ id: uuid, name: z.string() }),
  /** `queued` not yet fetched by the agent; `done`, `failed`, `refused` and `expired` are final. */
  state: z.enum(["queued", "sent", "running", "done", "failed", "refused", "expired"]),
  createdAt: z.date(),
  deadline: z.date(),
  /** What the agent is doing, in its words; null before it said anything. */
  progress: z.string().nullable(),
  /** Lines that a tail has given. */
  lines: z.array(tailLine).max(200),
  result: commandResult.nullable(),
  /** Why it failed or was refused, for a person. */
  message: z.string().nullable(),
});
export type CommandView = z.infer<typeof commandView>;
