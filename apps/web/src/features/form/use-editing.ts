"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTRPC } from "~/trpc/client.tsx";
import { type Refusal, refusalOf } from "~/trpc/refusal.ts";
import { mergeTyped } from "./merge-typed.ts";

/** What a form edits, as the server has it now. */
export interface Saved<V> {
  readonly values: V;
  /** Hand it back with the save; null: there is none yet. */
  readonly version: string | null;
}

/** The two things of react-hook-form that are needed here. */
interface Form<V> {
  getValues(): V;
  reset(values: V): void;
}

export interface Saving {
  /** Why the last save did not come about; null where none was refused. */
  readonly refusal: Refusal | null;
  /** Under way: what is heard of meanwhile may be this very save. */
  readonly isSaving: boolean;
  /** The version that the last save from here made, for a form that stays after it. */
  readonly ownVersion?: string | undefined;
}

export interface Editing<V> {
  /** What the form began with, or loaded since. */
  readonly base: Saved<V>;
  /** Somebody saved something else meanwhile. */
  readonly isOvertaken: boolean;
  /** It was loaded again, and these fields hold what was typed over what somebody else saved. */
  readonly both: readonly string[] | null;
  /** The refusal of the last save, unless it was of a state that is not edited any more. */
  readonly refusal: Refusal | null;
  /** What is said at fields: what is wrong with them, or what somebody else has saved in them. */
  readonly atFields: Refusal | null;
  load(): void;
}

/**
 * Follows the saved state of what a form edits. What is typed is never replaced: when somebody else has saved, the person
 * loads it again, and what was typed stays.
 */
export function useEditing<V extends object>(
  form: Form<V>,
  saved: Saved<V>,
  { refusal, isSaving, ownVersion: own }: Saving,
): Editing<V> {
  const [base, setBase] = useState(saved);
  const [both, setBoth] = useState<readonly (keyof V & string)[] | null>(null);
  const [settled, setSettled] = useState<string | undefined>(undefined);
  const [takenOwn, setTakenOwn] = useState<string | undefined>(undefined);
  const isOwn = own !== undefined && own !== takenOwn && saved.version === own;
  if (isOwn) {
    setTakenOwn(own);
    setBase(saved);
    setBoth(null);
  }
  const shown = refusal?.requestId !== undefined && refusal.requestId === settled ? null : refusal;
  return {
    base,
    // Nothing saved any more: said where a save was refused for it, for a form that closes has nothing either.
    isOvertaken:
      saved.version !== base.version &&
      !isSaving &&
      !isOwn &&
      (saved.version !== null || shown?.reason === OVERTAKEN),
    both,
    refusal: shown,
    atFields: shown ?? marked(base.values, both ?? []),
    load() {
      // What is gone has no values to load: everything stays as it was typed, and saving sets it up anew.
      const typed = form.getValues();
      const merged =
        saved.version === null ? { values: typed, both: [] } : mergeTyped(base.values, saved.values, typed);
      form.reset(merged.values);
      setBoth(merged.both);
      setSettled(refusal?.requestId);
      setBase(saved);
    },
  };
}

const OVERTAKEN = "changed-meanwhile";

function marked<V extends object>(values: V, both: readonly (keyof V & string)[]): Refusal | null {
  if (both.length === 0) return null;
  const words = (value: unknown) => (typeof value === "string" && value !== "" ? value : "something else");
  const fields = Object.fromEntries(both.map((name) => [name, `Saved meanwhile: ${words(values[name])}`]));
  return { kind: "refused", code: "", message: "", reason: OVERTAKEN, fields, requestId: undefined };
}

/** For the `onError` of a save: what somebody else has saved is fetched, where nobody told this page of it yet. */
export function useFetchOvertaken(): (error: unknown) => void {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  return (error) => {
    if (refusalOf(error).reason === OVERTAKEN)
      void queryClient.invalidateQueries({ queryKey: trpc.pathKey() });
  };
}
