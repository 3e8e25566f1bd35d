import type { SrxProfile } from "../profile.ts";
import { insightV1Document } from "./built-in/insight-v1.ts";
import { jsonSupersetDocument } from "./built-in/json-superset.ts";
import { userfwXmlDocument } from "./built-in/userfw-xml.ts";
import { compileProfile } from "./compile-profile.ts";
import type { SrxProfileDocument } from "./profile-document.ts";

/** What a firewall is shown as the source of an entry that names none. */
export const DEFAULT_SOURCE = "Rollcall";

/** A profile that comes with the product, as a form offers it. */
export interface BuiltInProfile {
  readonly id: string;
  readonly name: string;
  readonly sentence: string;
  readonly document: SrxProfileDocument;
}

/** In the order in which learning tries them. */
export const BUILT_IN_PROFILES: readonly BuiltInProfile[] = [
  {
    id: "json-superset",
    name: "JSON with every known name",
    sentence: "For Junos 15.1X49 and later, as long as nothing else is known of the release.",
    document: jsonSupersetDocument,
  },
  {
    id: "userfw-xml",
    name: "XML of the Web API",
    sentence: "Where the firewall does not understand JSON: the elements it takes at its own Web API.",
    document: userfwXmlDocument,
  },
  {
    id: "insight-v1",
    name: "ClearPass endpoint (12.3X48)",
    sentence: "For releases set up with the ClearPass stanza, which ask address by address (`ip/$IP$`).",
    document: insightV1Document,
  },
];

/** All of them, in the order in which learning tries them. */
export const builtInProfiles: readonly SrxProfile[] = BUILT_IN_PROFILES.map(({ id, name, document }) =>
  compileProfile(document, { id, key: id, name, defaultSource: DEFAULT_SOURCE }),
);

const byId: ReadonlyMap<string, SrxProfile> = new Map(
  builtInProfiles.map((profile) => [profile.id, profile]),
);

/** The built-in profile of that name; null where there is none. */
export function builtInProfile(id: string): SrxProfile | null {
  return byId.get(id) ?? null;
}

/** What a firewall is answered with as long as nothing else is known. */
export const jsonSuperset: SrxProfile = builtIn("json-superset");

function builtIn(id: string): SrxProfile {
  const profile = byId.get(id);
  if (profile === undefined) throw new RangeError(`there is no built-in profile ${id}`);
  return profile;
}
