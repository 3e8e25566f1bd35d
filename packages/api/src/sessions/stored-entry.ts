import type { Entry, KeyState } from "@rollcall/identity-core";
import { z } from "zod";

const at = z.number();
const groups = z.array(z.string());
const userShape = z.looseObject({
  principalKey: z.string(),
  domain: z.string(),
  name: z.string(),
  groups,
  since: at,
  lastSeenAt: at,
  expiresAt: at,
  class: z.enum(["A", "B", "C", "D"]),
  sourceId: z.string(),
  sourceLabel: z.string(),
  rule: z.string(),
});
const entryShape = z.custom<Entry>(
  (value) =>
    z
      .looseObject({
        addressSpaceId: z.string(),
        ip: z.string(),
        revision: z.number(),
        changedAt: at,
        user: userShape.nullable(),
        device: z.looseObject({ domain: z.string(), name: z.string(), since: at, expiresAt: at }).nullable(),
      })
      .safeParse(value).success,
);
const kind = z.looseObject({
  claims: z.array(z.looseObject({ id: z.string() })),
  ends: z.array(z.unknown()),
});
const keyStateShape = z.custom<KeyState>(
  (value) =>
    z.looseObject({ addressSpaceId: z.string(), ip: z.string(), user: kind, device: kind }).safeParse(value)
      .success,
);

/** The ledger writes these columns; a row of another shape is a fault that must be seen, not a person left out. */
export function storedEntry(value: unknown): Entry {
  return entryShape.parse(value);
}

export function storedKeyState(value: unknown): KeyState {
  return keyStateShape.parse(value);
}
