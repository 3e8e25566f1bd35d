import type { SrxProfile } from "../profile.ts";
import type { SrxProfileDocument } from "./profile-document.ts";

/** Says in sentences how a profile answers: for a page where somebody chooses one. */
export function describeProfile({ document }: SrxProfile): readonly string[] {
  const { body, batch, limits, token, unknownIp } = document;
  const places = batch.cookieOut.map((place) => COOKIE_PLACES[place](document)).join(" and ");
  return [
    `Answers in ${body.kind === "json" ? "JSON" : "XML"}${body.listKey === null ? ", the entries as a bare list" : `, the entries under \`${body.listKey}\``}.`,
    `The cookie goes out ${places}; at most ${batch.maxEntries} entries an answer.`,
    `A logon is \`${body.words.logon}\`, a logoff \`${body.words.logoff}\`.`,
    DEVICE_ONLY[body.deviceOnly],
    UNKNOWN[unknownIp],
    `Names up to ${limits.name} bytes, ${limits.roles} roles an entry, ${limits.ipv6 ? "IPv4 and IPv6" : "IPv4 only"}${limits.entries === null ? "" : `, ${limits.entries} addresses in all`}.`,
    `\`expires_in\` as a ${token.expiresInAs}; tokens of ${token.format === "uuid" ? "36 characters (UUID)" : "40 hex digits"}.`,
  ];
}

const COOKIE_PLACES: Readonly<
  Record<SrxProfileDocument["batch"]["cookieOut"][number], (document: SrxProfileDocument) => string>
> = {
  body: ({ batch, body }) =>
    body.kind === "json"
      ? `in the body as \`${batch.cookieBodyKey}\``
      : `as the root's attribute \`${batch.cookieBodyKey}\``,
  setCookie: ({ batch }) => `as \`Set-Cookie: ${batch.cookieName}\``,
  header: ({ batch }) => `in the header \`${batch.cookieHeader}\``,
};

const DEVICE_ONLY: Readonly<Record<SrxProfileDocument["body"]["deviceOnly"], string>> = {
  emptyUser: "A device without a person is told with an empty user.",
  omitUser: "A device without a person is told without the user's names.",
  skip: "A device without a person is not told.",
};

const UNKNOWN: Readonly<Record<SrxProfileDocument["unknownIp"], string>> = {
  empty200: "An unknown address is answered with an empty document.",
  notFound404: "An unknown address is answered with 404.",
  nullUser200: "An unknown address is answered with an entry that has an empty user.",
};
