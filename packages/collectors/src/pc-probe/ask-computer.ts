import { LoginUnanswered } from "../login-port.ts";
import {
  ProbeFault,
  type ProbeLogin,
  type ProbeMethod,
  type ProbeSession,
  type ProbeTarget,
} from "./ports.ts";
import { isAnswered, type ProbeAnswer } from "./probe-answer.ts";
import type { ProbeCounters } from "./probe-counters.ts";
import { COMPUTER_QUERY, LOGONS_QUERY, readConsole, readSessions, SESSIONS_QUERY } from "./seated-user.ts";

export interface AskOptions {
  readonly methods: readonly ProbeMethod[];
  /** In the order in which they are tried. */
  readonly logins: readonly ProbeLogin[];
  readonly counters: ProbeCounters;
}

export interface AskedComputer {
  readonly answer: ProbeAnswer;
  readonly by: { readonly method: string; readonly credentialId: string } | null;
}

/**
 * Asks one computer who sits there: each way in order, and by each way each login in order, until one is answered.
 *
 * Shape:  a login that was refused is not shown to the same computer again by another way: that would be its second
 *         refusal, and pause it for everybody. Nor is one that was shown without an answer. One that was taken and allowed too little is, for rights differ.
 * Errors: none thrown but what `signal` says; what went wrong is the answer.
 */
export async function askComputer(
  target: ProbeTarget,
  options: AskOptions,
  signal: AbortSignal,
): Promise<AskedComputer> {
  const tried = new Tried();
  for (const method of options.methods) {
    const found = await askBy(method, target, options, tried, signal);
    if (found !== null) return found;
  }
  return { answer: tried.answer(), by: null };
}

async function askBy(
  method: ProbeMethod,
  target: ProbeTarget,
  { logins, counters }: AskOptions,
  tried: Tried,
  signal: AbortSignal,
): Promise<AskedComputer | null> {
  for (const { credentialId, port } of logins) {
    if (tried.spent.has(credentialId)) continue;
    const withheld = await port.withheld();
    if (withheld !== null) {
      tried.spent.add(credentialId);
      tried.note("no-login", withheld);
      counters.login(credentialId, "withheld");
      continue;
    }
    try {
      // A connection carries one login: the next begins anew.
      const reached = await method.reach(target, signal);
      try {
        const outcome = await port.attempt(
          (login, ending) =>
            reached.logIn(login, ending).catch((error: unknown) => {
              if (error instanceof LoginUnanswered) tried.spent.add(credentialId);
              throw error;
            }),
          signal,
        );
        if (outcome.kind === "withheld") {
          tried.spent.add(credentialId);
          tried.note("no-login", outcome.sentence);
          counters.login(credentialId, "withheld");
          continue;
        }
        if (outcome.kind === "refused") {
          tried.spent.add(credentialId);
          tried.note("no-login", outcome.reason);
          counters.login(credentialId, "refused");
          continue;
        }
        const session = outcome.value;
        try {
          const answer = await ask(session, signal);
          counters.login(credentialId, isAnswered(answer) ? "answered" : "failed");
          if (isAnswered(answer)) return { answer, by: { method: method.id, credentialId } };
          tried.note("failed", answer.sentence);
        } finally {
          session.close();
        }
      } finally {
        reached.close();
      }
    } catch (error) {
      signal.throwIfAborted();
      const fault = faultOf(error);
      tried.note(fault.code === "unfit" ? "no-login" : fault.code, `${method.id}: ${fault.message}`);
      // Nobody is there, whoever knocks.
      if (fault.code === "unreachable") return null;
      counters.login(credentialId, fault.code);
    }
  }
  return null;
}

async function ask(session: ProbeSession, signal: AbortSignal): Promise<ProbeAnswer> {
  const reading = readConsole(await session.query(COMPUTER_QUERY, signal));
  if (reading.kind === "unreadable")
    return { kind: "failed", sentence: "The computer answered with something else than who it is." };
  const seat =
    reading.kind === "ask-sessions"
      ? readSessions(
          await session.query(SESSIONS_QUERY, signal),
          await session.query(LOGONS_QUERY, signal),
          reading.computer,
        )
      : reading;
  return seat.kind === "seated"
    ? { kind: "user", user: seat.user, computer: seat.computer }
    : { kind: "nobody", because: seat.because, computer: seat.computer };
}

function faultOf(error: unknown): ProbeFault {
  if (error instanceof ProbeFault) return error;
  return new ProbeFault("failed", error instanceof Error ? error.message : String(error), { cause: error });
}

type Failure = Exclude<ProbeAnswer, { computer: unknown }>["kind"];
/** What says most of a computer that was not answered by stands for the whole. */
const WEIGHT: Readonly<Record<Failure, number>> = { unreachable: 0, failed: 1, "no-login": 2, denied: 3 };

/** What came of the tries so far. */
class Tried {
  /** Logins that are not shown to this computer again. */
  readonly spent = new Set<string>();
  #worst: { readonly kind: Failure; readonly sentence: string } | null = null;

  note(kind: Failure, sentence: string): void {
    if (this.#worst === null || WEIGHT[kind] > WEIGHT[this.#worst.kind])
      this.#worst = { kind, sentence: sentence.slice(0, 500) };
  }

  answer(): ProbeAnswer {
    return this.#worst ?? { kind: "no-login", sentence: "No login is named to ask with." };
  }
}
