import type { EntryDevice } from "@rollcall/identity-core";
import { type CleaningFlag, cleanName, cleanRoles } from "@rollcall/srx-protocol/clean-text";
import { xmlText } from "@rollcall/srx-protocol/profiles/entry-writer";
import type { PushChange } from "./push-change.ts";

/** One `userfw-entry`, written, and what had to be changed in it to fit. */
export interface WrittenEntry {
  readonly text: string;
  readonly kind: "logon" | "logoff";
  readonly flags: readonly CleaningFlag[];
}

/**
 * Writes one change as a firewall's Web API takes it.
 *
 * Shape:  the order of elements is part of the form. A changed session is a logon again. An empty role list is written,
 *         so that a person who left all groups leaves them on the firewall too. A logoff is source, timestamp, operation
 *         and IP alone, and ends whoever is there.
 * Units:  whole seconds, UTC.
 * Source: docs/protocol/srx-push.md, "the entry" (order seen in code of public senders).
 */
export function writeEntry(change: PushChange, source: string): WrittenEntry {
  const flags = new Set<CleaningFlag>();
  const element = (name: string, text: string): string => `<${name}>${xmlText(text)}</${name}>`;
  const clean = (text: string | undefined): string => cleanName(text ?? "", flags);
  const user = clean(change.user?.name);
  // A name of nothing but control characters is nobody's: better nobody than an empty name.
  const isLogon = change.user !== null && user !== "";
  let text =
    element("source", clean(source)) +
    element("timestamp", secondsOf(change.at)) +
    element("operation", isLogon ? "logon" : "logoff") +
    element("IP", change.ip);
  if (isLogon) {
    const domain = clean(change.user?.domain);
    if (domain !== "") text += element("domain", domain);
    text += element("user", user);
    const roles = cleanRoles(change.user?.groups ?? [], flags);
    text += `<role-list>${roles.map((role) => element("role", role)).join("")}</role-list>`;
    if (change.device !== null) text += deviceText(change.device, element, flags);
  }
  return {
    text: `<userfw-entry>${text}</userfw-entry>`,
    kind: isLogon ? "logon" : "logoff",
    flags: [...flags],
  };
}

function deviceText(
  device: EntryDevice,
  element: (name: string, text: string) => string,
  flags: Set<CleaningFlag>,
): string {
  const name = cleanName(device.name, flags);
  const groups = cleanRoles(device.groups, flags).map((group) => element("group", group));
  const identity =
    name === ""
      ? ""
      : `<device-identity>${element("value", name)}${groups.length > 0 ? `<groups>${groups.join("")}</groups>` : ""}</device-identity>`;
  const attributes = (
    [
      ["device-category", device.category],
      ["device-vendor", device.vendor],
      ["device-model", device.model],
      ["device-os", device.os],
      ["device-os-version", device.osVersion],
    ] as const
  ).map(([attribute, value]) => {
    const text = cleanName(value ?? "", flags);
    return text === "" ? "" : element(attribute, text);
  });
  const inner = identity + attributes.join("");
  return inner === "" ? "" : `<end-user-attribute>${inner}</end-user-attribute>`;
}

function secondsOf(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
