/** Bits of userAccountControl. Source: MS-ADTS 2.2.16 (documented). */
const ACCOUNT_DISABLED = 0x2;
const DONT_EXPIRE_PASSWORD = 0x1_0000;
/** Bit of msDS-User-Account-Control-Computed. Source: MS-ADTS 3.1.1.4.5.17 (documented). */
const LOCKED_OUT = 0x10;
/** Milliseconds between 1601 and 1970. */
const FILETIME_EPOCH_MS = 11_644_473_600_000n;
const NEVER = 0x7fff_ffff_ffff_ffffn;

export interface AccountState {
  readonly isDisabled: boolean;
  readonly isLocked: boolean;
  /** When the account expires, epoch ms; null: never. */
  readonly expiresAt: number | null;
  readonly isPasswordForever: boolean;
}

/** Reads the three ways in which an account ends, from the attributes as text. */
export function readAccountState(
  control: string | null,
  computed: string | null,
  expires: string | null,
): AccountState {
  return {
    isDisabled: (toInteger(control) & ACCOUNT_DISABLED) !== 0,
    isLocked: (toInteger(computed) & LOCKED_OUT) !== 0,
    expiresAt: expires === null ? null : fromFiletime(expires),
    isPasswordForever: (toInteger(control) & DONT_EXPIRE_PASSWORD) !== 0,
  };
}

/** Whether the account may be used at `now`. */
export function isEnabled(state: Omit<AccountState, "isPasswordForever">, now: number): boolean {
  return !state.isDisabled && !state.isLocked && (state.expiresAt === null || state.expiresAt > now);
}

function toInteger(text: string | null): number {
  return text !== null && /^-?\d{1,10}$/.test(text) ? Number(text) | 0 : 0;
}

/** Source: MS-ADTS, accountExpires (documented): 100 ns since 1601; 0 and the greatest value mean never. */
function fromFiletime(text: string): number | null {
  if (!/^\d{1,19}$/.test(text)) return null;
  const ticks = BigInt(text);
  if (ticks === 0n || ticks >= NEVER) return null;
  return Number(ticks / 10_000n - FILETIME_EPOCH_MS);
}
