import {
  CERTIFICATE_SHORT_MS,
  CLOCK_DEGRADED_MS,
  CLOCK_SAID_MS,
  STALE_MS,
  UNKNOWN_MS,
} from "@rollcall/health";
import type { Check } from "@rollcall/ui/check-list";
import { formatAge } from "@rollcall/ui/time";
import type { Outputs } from "~/trpc/outputs.ts";

type Agent = Outputs["agents"]["get"];

/** The agent's health as checks in the order in which one would look. Units: `now` in epoch ms, our clock. */
export function agentChecks(agent: Agent, now: number): readonly Check[] {
  return [
    word(agent, now),
    configuration(agent),
    clock(agent),
    store(agent),
    spool(agent),
    certificate(agent, now),
  ];
}

function word(agent: Agent, now: number): Check {
  if (agent.lastSeenAt === null) return { name: "Word from the agent", state: "never", detail: "none yet" };
  const age = now - agent.lastSeenAt.getTime();
  const detail = `${formatAge(age)} ago`;
  if (age < STALE_MS) return { name: "Word from the agent", state: "ok", detail };
  return {
    name: "Word from the agent",
    state: age < UNKNOWN_MS ? "bad" : "unknown",
    detail,
    remedy: "Look on the server: rollcall-agent status. Its firewalls keep being answered while it runs.",
  };
}

function configuration({ config }: Agent): Check {
  const name = "Configuration";
  if (config.refused !== null) {
    return {
      name,
      state: "bad",
      detail: `version ${config.refused.version} was refused`,
      remedy: config.refused.reason,
    };
  }
  if (config.applied === null)
    return { name, state: "never", detail: `version ${config.wanted} not fetched yet` };
  if (config.applied === config.wanted)
    return { name, state: "ok", detail: `runs version ${config.applied}` };
  return { name, state: "busy", detail: `runs version ${config.applied}, wanted is ${config.wanted}` };
}

function clock({ clockOffsetMs }: Agent): Check {
  const name = "Clock";
  if (clockOffsetMs === null) return { name, state: "never", detail: "not reported yet" };
  const off = Math.abs(clockOffsetMs);
  if (off < CLOCK_SAID_MS) return { name, state: "ok", detail: "as ours" };
  const detail = `${formatAge(off)} ${clockOffsetMs > 0 ? "ahead of" : "behind"} ours`;
  const remedy =
    "Wrong clocks make wrong mappings. Let the server take its time from the domain or from NTP.";
  return { name, state: off < CLOCK_DEGRADED_MS ? "warn" : "bad", detail, remedy };
}

function store({ store }: Agent): Check {
  const name = "Store";
  if (store === null) return { name, state: "never", detail: "not reported yet" };
  if (store.state === "ok") return { name, state: "ok", detail: store.sentence };
  return {
    name,
    state: "bad",
    detail: store.sentence,
    remedy: "Free space on the server's disk; the agent goes on by itself.",
  };
}

function spool({ spool }: Agent): Check {
  const name = "Waiting for the cloud";
  if (spool === null) return { name, state: "never", detail: "not reported yet" };
  if (spool.pending === 0) return { name, state: "ok", detail: "nothing" };
  return {
    name,
    state: "busy",
    detail: `${spool.pending.toLocaleString("en-GB")} events, ${Math.ceil(spool.bytes / 1024).toLocaleString("en-GB")} KiB`,
  };
}

function certificate({ certificateExpiresAt }: Agent, now: number): Check {
  const name = "Certificate";
  if (certificateExpiresAt === null) return { name, state: "never", detail: "none" };
  const left = certificateExpiresAt.getTime() - now;
  if (left <= 0)
    return {
      name,
      state: "bad",
      detail: "has ended",
      remedy: "Enrol the agent again with a new onboarding file.",
    };
  const detail = `ends in ${formatAge(left)}; the agent renews it by itself`;
  return { name, state: left < CERTIFICATE_SHORT_MS ? "warn" : "ok", detail };
}
