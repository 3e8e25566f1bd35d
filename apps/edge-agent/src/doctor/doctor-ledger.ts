import { existsSync } from "node:fs";
import type { CheckResult } from "@rollcall/collectors/collector";
import { AgentError, messageOf } from "../agent-error.ts";
import type { AgentSettings } from "../settings.ts";
import {
  createLoginLedger,
  fingerprintOfLogin,
  type LoginLedger,
  type LoginTurn,
  passingRecord,
} from "../sources/login-ledger.ts";
import {
  CLEAR,
  type LoginOutcomeNote,
  type LoginStanding,
  type LoginTally,
  SHOWN_MAX,
  standingOf,
  tallyAfter,
  withAttempts,
} from "../state/login-tally.ts";
import { changeLogin } from "../state/open-store.ts";
import { stateFolderAt } from "../state/state-folder.ts";
import { StoreFault } from "../state/store-fault.ts";
import { readLocalToken } from "../status/local-token.ts";
import { askAgent } from "../status/status-client.ts";
import { loginsDocument } from "../status/status-document.ts";

const ENDED = "an examination ended while it was tried";

/** Where the count of logins is kept, and what a person is told of it. */
export interface DoctorLedger {
  readonly ledger: LoginLedger;
  readonly check: CheckResult;
}

/**
 * The count of logins for an examination without an agent of its own.
 *
 * Shape:  where the state folder has an agent's store, its record is read and written: through the agent where one runs, else in
 *         the file. Where it has none, nothing is known of earlier refusals, and each login is tried until it fails once.
 *         A record that cannot be had lets no login be tried.
 */
export async function openDoctorLedger(
  settings: Pick<AgentSettings, "stateDir" | "statusListen">,
  now: () => number,
): Promise<DoctorLedger> {
  const { stateDir } = settings;
  const { store } = stateFolderAt(stateDir);
  const name = "Logins";
  if (!existsSync(store)) {
    const detail = `No agent has its state in ${stateDir}, so nothing is known of refusals before: a login that fails is tried once and not again`;
    return {
      ledger: createLoginLedger({ record: once(passingRecord), now, shownMax: 1 }),
      check: { name, ok: true, detail },
    };
  }
  const place = new Place(store, settings, now);
  try {
    const { salt, isRunning } = await place.salt();
    const by = isRunning ? "by the agent that runs with it" : "in its store";
    const detail = `Refusals are counted with those of the agent of ${stateDir}, ${by}`;
    return { ledger: new PlacedLedger(place, salt), check: { name, ok: true, detail } };
  } catch (error) {
    const detail = `No login is tried, because it cannot be known whether that would lock its account: ${messageOf(error)}`;
    const remedy =
      (error instanceof AgentError ? error.remedy : null) ??
      "run it as the user of the agent, with the same --state-dir";
    return { ledger: closedLedger(detail), check: { name, ok: false, detail, remedy } };
  }
}

/** The record of an agent, wherever it is to be had now: an agent may be started or stopped meanwhile. */
class Place {
  readonly #file: string;
  readonly #settings: Pick<AgentSettings, "stateDir" | "statusListen">;
  readonly #now: () => number;

  constructor(file: string, settings: Pick<AgentSettings, "stateDir" | "statusListen">, now: () => number) {
    this.#file = file;
    this.#settings = settings;
    this.#now = now;
  }

  async salt(): Promise<{ readonly salt: string; readonly isRunning: boolean }> {
    const here = this.#inFile(null, (tally) => tally);
    if (here !== null) return { salt: here.salt, isRunning: false };
    return { salt: (await this.#ask("")).salt, isRunning: true };
  }

  /** Notes that it is going to be shown, as an attempt in doubt. */
  async take(fingerprint: string): Promise<{ readonly isTaken: boolean; readonly standing: LoginStanding }> {
    let isTaken = false;
    const here = this.#inFile(fingerprint, (tally) => {
      isTaken = tally.refusals + tally.doubts < SHOWN_MAX;
      return isTaken ? withAttempts(tally, 1, this.#now(), ENDED) : tally;
    });
    if (here !== null) return { isTaken, standing: standingOf(here.tally) };
    const { isLent, standing } = await this.#ask(`?fingerprint=${fingerprint}`);
    return { isTaken: isLent, standing: standing ?? standingOf(CLEAR) };
  }

  async giveBack(fingerprint: string, note: LoginOutcomeNote): Promise<LoginStanding> {
    const here = this.#inFile(fingerprint, (tally) =>
      tallyAfter({ ...tally, doubts: Math.max(0, tally.doubts - 1) }, note, this.#now()),
    );
    if (here !== null) return standingOf(here.tally);
    const query = new URLSearchParams({ fingerprint, outcome: note.kind });
    if ("reason" in note) query.set("reason", note.reason);
    return (await this.#ask(`?${query}`)).standing ?? standingOf(CLEAR);
  }

  /** Null: an agent that runs has the store. */
  #inFile(fingerprint: string | null, change: (tally: LoginTally) => LoginTally) {
    try {
      return changeLogin(this.#file, fingerprint, this.#now(), change);
    } catch (error) {
      if (error instanceof StoreFault && error.kind === "locked") return null;
      throw error;
    }
  }

  #ask(query: string) {
    const { stateDir, statusListen } = this.#settings;
    if (statusListen === null)
      throw new AgentError(
        "not-running",
        `An agent runs with ${stateDir} and its status address is not known.`,
        {
          exit: "not-running",
          remedy: "Say where it is with --status-listen.",
        },
      );
    const token = readLocalToken(stateFolderAt(stateDir).localToken);
    return askAgent(statusListen, `/logins${query}`, loginsDocument, token, "POST");
  }
}

class PlacedLedger implements LoginLedger {
  readonly #place: Place;
  readonly #salt: string;
  readonly #heard = new Map<string, LoginStanding>();
  readonly #busy = new Set<string>();
  readonly #listeners: (() => void)[] = [];

  constructor(place: Place, salt: string) {
    this.#place = place;
    this.#salt = salt;
  }

  fingerprintOf(user: string, password: string): Promise<string> {
    return fingerprintOfLogin(this.#salt, user, password);
  }

  /** As last heard: the record decides when an attempt begins. */
  standing(fingerprint: string): LoginStanding {
    return this.#heard.get(fingerprint) ?? standingOf(CLEAR);
  }

  async begin(fingerprint: string) {
    if (this.#busy.has(fingerprint)) return { kind: "busy" as const };
    this.#busy.add(fingerprint);
    try {
      const { isTaken, standing } = await this.#place.take(fingerprint);
      if (isTaken) return { kind: "turn" as const, turn: this.#turn(fingerprint) };
      this.#heard.set(fingerprint, standing);
      this.#free(fingerprint);
      if (standing.kind !== "free") return { kind: "withheld" as const, standing };
      return {
        kind: "not-tried" as const,
        sentence: "The agent that runs is trying it just now: ask again.",
      };
    } catch (error) {
      this.#free(fingerprint);
      return {
        kind: "not-tried" as const,
        sentence: `It is not tried, because that cannot be noted: ${messageOf(error)}`,
      };
    }
  }

  /** An examination resumes nothing. */
  resume(): boolean {
    return false;
  }

  onChange(tell: () => void): void {
    this.#listeners.push(tell);
  }

  #turn(fingerprint: string): LoginTurn {
    return {
      end: async (note) => {
        try {
          this.#heard.set(fingerprint, await this.#place.giveBack(fingerprint, note));
        } catch {
          // It stays in doubt in the record, and is not tried again here.
          this.#heard.set(fingerprint, { kind: "paused", refusal: "what came of it could not be noted" });
        } finally {
          this.#free(fingerprint);
        }
      },
    };
  }

  #free(fingerprint: string): void {
    this.#busy.delete(fingerprint);
    for (const tell of this.#listeners) tell();
  }
}

/** Lets nothing be tried. */
function closedLedger(sentence: string): LoginLedger {
  return {
    fingerprintOf: async () => "",
    standing: () => ({ kind: "free", refusal: null }),
    begin: async () => ({ kind: "not-tried", sentence }),
    resume: () => false,
    onChange: () => undefined,
  };
}

function once<T>(make: () => T): () => T {
  const made = make();
  return () => made;
}
