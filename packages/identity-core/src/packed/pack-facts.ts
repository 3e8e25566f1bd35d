import type { DeviceAttributes, PrincipalFacts } from "../observation.ts";
import type { ByteReader } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";

const IS_DEVICE = 1;
const IS_ENABLED = 2;
const HAS_NETBIOS = 4;
const HAS_UPN = 8;
const HAS_DISPLAY_NAME = 16;
const HAS_DEVICE = 32;
const HAS_HOST_MARK = 64;
const DEVICE_FIELDS: readonly (keyof Required<DeviceAttributes>)[] = [
  "os",
  "osVersion",
  "category",
  "vendor",
  "model",
];

/** Spellings that follow from the other fields are written as a number; 0 stands for any other. */
type Naming = Pick<PrincipalFacts, "key" | "domain" | "netbiosDomain" | "name" | "upn">;
const DERIVED: readonly ((one: Naming) => string)[] = [
  () => "",
  (one) => one.key.toLowerCase(),
  (one) => `${one.domain.toLowerCase()}\\${one.name.toLowerCase()}`,
  (one) => `${(one.netbiosDomain ?? "").toLowerCase()}\\${one.name.toLowerCase()}`,
  (one) => `${one.name.toLowerCase()}@${one.domain.toLowerCase()}`,
  (one) => (one.upn ?? "").toLowerCase(),
  (one) => one.name.toLowerCase(),
];

/** What facts call a principal: enough to know whether they are meant. */
export type NamedFacts = Pick<PrincipalFacts, "key" | "kind" | "aliases">;

/** Writes facts: first what names the principal, then the rest. */
export function packFacts(facts: PrincipalFacts, writer: ByteWriter): void {
  writer.byte(
    (facts.kind === "device" ? IS_DEVICE : 0) |
      (facts.enabled ? IS_ENABLED : 0) |
      (facts.netbiosDomain === undefined ? 0 : HAS_NETBIOS) |
      (facts.upn === undefined ? 0 : HAS_UPN) |
      (facts.displayName === undefined ? 0 : HAS_DISPLAY_NAME) |
      (facts.device === undefined ? 0 : HAS_DEVICE) |
      (facts.hostMarkId === undefined ? 0 : HAS_HOST_MARK),
  );
  writer.identity(facts.key);
  writer.word(facts.domain);
  if (facts.netbiosDomain !== undefined) writer.word(facts.netbiosDomain);
  writer.text(facts.name);
  if (facts.upn !== undefined) writer.upn(facts.upn, facts.name);
  writer.count(facts.aliases.length);
  for (const alias of facts.aliases) {
    const derived = DERIVED.findIndex((make, at) => at > 0 && make(facts) === alias);
    writer.byte(Math.max(0, derived));
    if (derived <= 0) writer.text(alias);
  }
  writer.word(facts.directoryId);
  writer.number(facts.asOf);
  if (facts.displayName !== undefined) writer.text(facts.displayName);
  if (facts.device !== undefined) packAttributes(facts.device, writer);
  if (facts.hostMarkId !== undefined) writer.word(facts.hostMarkId);
  writer.groups(facts.groups);
}

export function unpackFacts(reader: ByteReader): PrincipalFacts {
  const flags = reader.byte();
  const naming = unpackNaming(flags, reader);
  const directoryId = reader.text();
  const asOf = reader.number();
  const displayName = (flags & HAS_DISPLAY_NAME) === 0 ? undefined : reader.text();
  const device = (flags & HAS_DEVICE) === 0 ? undefined : unpackAttributes(reader);
  const hostMarkId = (flags & HAS_HOST_MARK) === 0 ? undefined : reader.text();
  return {
    key: naming.key,
    kind: naming.kind,
    directoryId,
    asOf,
    aliases: naming.aliases,
    domain: naming.domain,
    ...(naming.netbiosDomain === undefined ? {} : { netbiosDomain: naming.netbiosDomain }),
    name: naming.name,
    ...(naming.upn === undefined ? {} : { upn: naming.upn }),
    ...(displayName === undefined ? {} : { displayName }),
    groups: reader.groups(),
    ...(device === undefined ? {} : { device }),
    ...(hostMarkId === undefined ? {} : { hostMarkId }),
    enabled: (flags & IS_ENABLED) !== 0,
  };
}

export function unpackNames(reader: ByteReader): NamedFacts {
  return unpackNaming(reader.byte(), reader);
}

function unpackNaming(flags: number, reader: ByteReader): Naming & NamedFacts {
  const key = reader.text();
  const domain = reader.text();
  const netbiosDomain = (flags & HAS_NETBIOS) === 0 ? undefined : reader.text();
  const name = reader.text();
  const upn = (flags & HAS_UPN) === 0 ? undefined : reader.upn(name);
  const naming: Naming = {
    key,
    domain,
    ...(netbiosDomain === undefined ? {} : { netbiosDomain }),
    name,
    ...(upn === undefined ? {} : { upn }),
  };
  const aliases: string[] = [];
  for (let left = reader.count(); left > 0; left--) {
    const make = DERIVED[reader.byte()];
    if (make === undefined) throw new RangeError("a packed spelling is of no known kind");
    aliases.push(make === DERIVED[0] ? reader.text() : make(naming));
  }
  return { ...naming, kind: (flags & IS_DEVICE) === 0 ? "user" : "device", aliases };
}

function packAttributes(device: DeviceAttributes, writer: ByteWriter): void {
  let flags = 0;
  for (const [at, field] of DEVICE_FIELDS.entries()) if (device[field] !== undefined) flags |= 1 << at;
  writer.byte(flags);
  for (const field of DEVICE_FIELDS) {
    const text = device[field];
    if (text !== undefined) writer.word(text);
  }
}

function unpackAttributes(reader: ByteReader): DeviceAttributes {
  const flags = reader.byte();
  const device: { -readonly [Field in keyof DeviceAttributes]: DeviceAttributes[Field] } = {};
  for (const [at, field] of DEVICE_FIELDS.entries())
    if ((flags & (1 << at)) !== 0) device[field] = reader.text();
  return device;
}
