import type { EpochMs } from "@rollcall/identity-core";
import type { CleanRole } from "../role-book.ts";
import type { DeviceView, EntryView } from "./entry-view.ts";
import type { ProfileField, SrxProfileDocument } from "./profile-document.ts";

/** The value of a field in one entry; null: it is left out. */
export type FieldValue = string | number | boolean | readonly CleanRole[] | null;

/**
 * Makes the reader of one field: everything that the profile decides is decided here, once, not with every entry.
 */
export function fieldReader(
  field: ProfileField,
  body: SrxProfileDocument["body"],
): (view: EntryView) => FieldValue {
  const read = plainReader(field, body);
  const omitsEmpty =
    field.whenEmpty === "omit" || (field.whenEmpty === "auto" && field.of.startsWith("device"));
  const { on, separator, asText } = field;
  return (view) => {
    if (on !== "both" && (on === "logoff") !== (view.kind === "logoff")) return null;
    const value = read(view);
    if (value === null) return null;
    if (omitsEmpty && (value === "" || (Array.isArray(value) && value.length === 0))) return null;
    if (separator !== null && isList(value)) return value.map(({ role }) => role).join(separator);
    return asText && !isList(value) ? String(value) : value;
  };
}

function plainReader(
  { of, words, value }: ProfileField,
  body: SrxProfileDocument["body"],
): (view: EntryView) => FieldValue {
  const ofDevice =
    (read: (device: DeviceView) => FieldValue) =>
    ({ device }: EntryView): FieldValue =>
      device === null ? null : read(device);
  switch (of) {
    case "time":
      return ({ at }) => timeAs(at, body.timeAs);
    case "revision":
      return ({ revision }) => revision;
    case "operation": {
      const said = words ?? body.words;
      return ({ kind }) => said[kind];
    }
    case "online":
      return ({ kind }) => kind !== "logoff";
    case "source":
      return ({ source }) => source;
    case "ip":
      return ({ ip }) => ip;
    case "domain":
      return ({ domain }) => domain;
    case "netbiosDomain":
      return ({ netbiosDomain }) => netbiosDomain;
    case "user":
      return ({ user }) => user;
    case "upn":
      return ({ upn }) => upn;
    case "roles":
      return ({ roles }) => roles;
    case "device":
      return ofDevice(({ name }) => name);
    case "deviceGroups":
      return ofDevice(({ groups }) => groups);
    case "deviceCategory":
      return ofDevice(({ category }) => category);
    case "deviceVendor":
      return ofDevice(({ vendor }) => vendor);
    case "deviceModel":
      return ofDevice(({ model }) => model);
    case "deviceOs":
      return ofDevice(({ os }) => os);
    case "deviceOsVersion":
      return ofDevice(({ osVersion }) => osVersion);
    case "constant":
      return () => value;
  }
}

function timeAs(at: EpochMs, form: SrxProfileDocument["body"]["timeAs"]): string | number {
  switch (form) {
    case "s":
      return Math.floor(at / 1000);
    case "ms":
      return at;
    case "iso":
      return `${new Date(at).toISOString().slice(0, 19)}Z`;
    case "sql":
      return new Date(at).toISOString().slice(0, 19).replace("T", " ");
  }
}

export function isList(value: FieldValue): value is readonly CleanRole[] {
  return Array.isArray(value);
}
