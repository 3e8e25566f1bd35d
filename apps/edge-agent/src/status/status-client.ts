import { request } from "undici";
import type { z } from "zod";
import { AgentError } from "../agent-error.ts";
import { formatListen, type ListenAddress } from "../settings.ts";

const ANSWER_MS = 5000;

/**
 * Asks the agent that runs on this machine.
 *
 * Errors: `AgentError` "not-running" where nobody answers, "not-ours" where something else does, "no-permission"
 *         where the agent refuses this user.
 */
export async function askAgent<S extends z.ZodType>(
  listen: ListenAddress,
  path: string,
  schema: S,
  token?: string,
  method: "GET" | "POST" = "GET",
  answerMs = ANSWER_MS,
): Promise<z.output<S>> {
  const base = `http://${formatListen(listen)}`;
  let status: number;
  let text: string;
  try {
    const reply = await request(`${base}${path}`, {
      method,
      headers: {
        accept: "application/json",
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      headersTimeout: answerMs,
      bodyTimeout: answerMs,
    });
    status = reply.statusCode;
    text = await reply.body.text();
  } catch (cause) {
    throw new AgentError("not-running", `No agent answers at ${base}.`, {
      cause,
      exit: "not-running",
      remedy: "Start it: rollcall-agent run. If it listens elsewhere, say where with --status-listen.",
    });
  }
  if (status === 401 || status === 403) {
    throw new AgentError("no-permission", "The agent answers this question only to the user it runs as.", {
      exit: "no-permission",
      remedy: "Run the command as that user, with the same --state-dir.",
    });
  }
  const parsed = schema.safeParse(safeJson(text));
  if (parsed.success) return parsed.data;
  throw new AgentError("not-ours", `What answers at ${base} is not a rollcall-agent of this version.`, {
    exit: "not-running",
    remedy: "Say where the agent listens with --status-listen.",
  });
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
