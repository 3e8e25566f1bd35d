"use client";

import { ChoicePanel } from "./choice-panel.tsx";
import { LISTENER_TLS, type Settings } from "./settings-words.ts";

/** Which TLS the agents speak with firewalls. */
export function ListenerPanel({ value, canWrite }: { value: Settings["listenerTls"]; canWrite: boolean }) {
  return (
    <ChoicePanel
      title="TLS towards firewalls"
      label="Agents speak with firewalls"
      name="listener-tls"
      what="TLS"
      value={value}
      options={LISTENER_TLS}
      canWrite={canWrite}
      changes={(listenerTls) => ({ listenerTls })}
    />
  );
}
