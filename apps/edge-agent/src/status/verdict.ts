import { LARGER_BODIES } from "../uplink/stream-sender.ts";
import { PLAIN_LISTENER } from "./listener-names.ts";
import { firstSilentPush } from "./push-report.ts";
import type { StatusDocument } from "./status-document.ts";

/** The worst that is so, and the one thing to do about it. */
export function verdictOf(
  status: Omit<StatusDocument, "state" | "sentence" | "next">,
): Pick<StatusDocument, "state" | "sentence" | "next"> {
  const broken = (sentence: string, next: string): Pick<StatusDocument, "state" | "sentence" | "next"> => ({
    state: "broken",
    sentence,
    next,
  });
  const degraded = (sentence: string, next: string): Pick<StatusDocument, "state" | "sentence" | "next"> => ({
    state: "degraded",
    sentence,
    next,
  });
  if (status.store.state !== "ok") return broken("the store cannot be written", status.store.sentence);
  const listener = status.listeners.find((one) => one.state === "broken");
  if (listener !== undefined) return broken(`${listener.name} does not listen`, listener.sentence);
  if (status.portal.state === "refused")
    return broken("the portal refuses this agent", status.portal.sentence);
  const login = status.credentials.find((one) => one.state === "paused");
  if (login !== undefined) return broken(`the login ${login.name} is paused`, login.sentence);
  const source = status.sources.find((one) => one.state === "broken");
  if (source !== undefined) return broken(`${source.name} is broken`, source.sentence);
  const weakListener = status.listeners.find((one) => one.state === "degraded");
  if (weakListener !== undefined)
    return degraded(
      weakListener.name === PLAIN_LISTENER
        ? "firewalls may ask without TLS for an hour: nothing is encrypted"
        : "the legacy listener is on: TLS 1.0 is answered",
      weakListener.sentence,
    );
  if (status.portal.state === "unreachable")
    return degraded("the portal is not reachable; local work goes on", status.portal.sentence);
  if (status.configuration.refused !== null)
    return degraded("a configuration of the portal was refused", status.configuration.refused.reason);
  const weak = status.sources.find((one) => one.state === "degraded");
  if (weak !== undefined) return degraded(`${weak.name} is degraded`, weak.sentence);
  const push = firstSilentPush(status.pushes);
  if (push !== null) return degraded(`${push.name} takes no posts`, push.sentence);
  if (status.darkSources.length > 0)
    return degraded(
      "firewalls are told less, for a source cannot be heard",
      `People of ${status.darkSources.length} source(s) are not named to some firewalls until the source is heard again.`,
    );
  if (status.overlaps > 0)
    return degraded(
      "an address is in two address spaces of one firewall",
      `${status.overlaps} address(es) are told as nobody: no firewall can tell two address spaces apart. Give it one of them, or filters.`,
    );
  const part = status.parts.find((one) => one.state === "degraded" || one.state === "broken");
  if (part !== undefined) return degraded(`${part.name} is being tried again`, part.sentence);
  return { state: "ok", sentence: "all that is configured works", next: missingStep(status) };
}

function missingStep(
  status: Pick<StatusDocument, "sources" | "firewalls" | "learning" | "spool">,
): string | null {
  if (status.sources.length === 0) return "Nothing is read yet: add a directory and a source.";
  const silent = status.sources.find((one) => one.state === "never");
  if (silent !== undefined) return `${silent.name}: ${silent.sentence}`;
  if (status.firewalls.length === 0) return "No firewall may ask yet: add an enforcement point.";
  if (status.spool.leftOut > 0)
    return `What was too large for the way to the cloud was left out there. ${LARGER_BODIES}`;
  const lesson = status.learning.find(({ state }) => state !== "trying");
  return lesson === undefined ? null : `${lesson.name}: ${lesson.sentence}`;
}
