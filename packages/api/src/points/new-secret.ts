import {
  judgeChosenSecret,
  makeChosenSecretVerifier,
  makeSecretVerifier,
  newClientSecret,
} from "@rollcall/pki";

export type NewSecret =
  | {
      readonly kind: "new";
      /** Null for a chosen one: whoever chose it has it. */
      readonly made: string | null;
      readonly verifier: string;
      readonly origin: "made" | "chosen";
    }
  | { readonly kind: "weak"; readonly sentence: string };

/** A client secret that we make, or one that a person chose. Outside a transaction: the slow hash takes its time on purpose. */
export async function newSecret(
  chosen: string | undefined,
  about: { readonly name: string; readonly clientId: string },
): Promise<NewSecret> {
  if (chosen === undefined) {
    const made = newClientSecret();
    return { kind: "new", made, verifier: makeSecretVerifier(made), origin: "made" };
  }
  const judged = judgeChosenSecret(chosen, about);
  if (judged.kind === "refused") return { kind: "weak", sentence: judged.sentence };
  return { kind: "new", made: null, verifier: await makeChosenSecretVerifier(chosen), origin: "chosen" };
}
