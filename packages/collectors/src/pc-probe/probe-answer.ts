import type { EpochMs, IpAddress } from "@rollcall/identity-core";

/** The machine that answered, as it calls itself. */
export interface AnsweringComputer {
  readonly name: string;
  /** DNS name of its domain; null where it is of none. */
  readonly domain: string | null;
}

export interface SeatedUser {
  readonly domain: string;
  readonly name: string;
}

/** Why nobody is named although the computer answered. */
export type EmptySeat = "nobody" | "local-account" | "several";

/** What one probe came to. `no-login`: the computer was there, and no login could be tried or was let in. */
export type ProbeAnswer =
  | { readonly kind: "user"; readonly user: SeatedUser; readonly computer: AnsweringComputer }
  | { readonly kind: "nobody"; readonly because: EmptySeat; readonly computer: AnsweringComputer }
  | { readonly kind: "unreachable" | "denied" | "no-login" | "failed"; readonly sentence: string };

/** Whether the computer said who sits there, if only that nobody does. */
export function isAnswered(
  answer: ProbeAnswer,
): answer is Extract<ProbeAnswer, { computer: AnsweringComputer }> {
  return answer.kind === "user" || answer.kind === "nobody";
}

/** Why an address is not asked. */
export type NotAsked =
  | "never-a-seat"
  | "not-included"
  | "excluded"
  | "infrastructure"
  | "public"
  | "asked-recently"
  | "failed-recently"
  | "no-login"
  | "queue-full"
  | "too-late"
  | "off";

export type Probed =
  | {
      readonly kind: "asked";
      readonly ip: IpAddress;
      /** When the question went out: the time of the fact. */
      readonly askedAt: EpochMs;
      readonly receivedAt: EpochMs;
      readonly answer: ProbeAnswer;
      /** By which way and with which login it was answered. */
      readonly by: { readonly method: string; readonly credentialId: string } | null;
    }
  | { readonly kind: "not-asked"; readonly ip: IpAddress; readonly why: NotAsked; readonly sentence: string };
