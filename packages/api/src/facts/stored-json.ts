import type { FirewallContact, HealthReport, PushState } from "@rollcall/agent-protocol";
import { firewallContact, healthReport, pushState } from "@rollcall/agent-protocol";

/** JSON columns are input too: what does not fit is as if it were not there. */
export function storedHealth(value: unknown): HealthReport | null {
  const parsed = healthReport.safeParse(value);
  return parsed.success ? parsed.data : null;
}

export function storedContact(value: unknown): FirewallContact | null {
  const parsed = firewallContact.safeParse(value);
  return parsed.success ? parsed.data : null;
}

export function storedPushState(value: unknown): PushState | null {
  const parsed = pushState.safeParse(value);
  return parsed.success ? parsed.data : null;
}

export function dateOf(epochMs: number | null | undefined): Date | null {
  return epochMs === null || epochMs === undefined ? null : new Date(epochMs);
}
