import {
  choice,
  flag,
  list,
  nullable,
  optional,
  record,
  type TypeOf,
  text,
  whole,
} from "./document-shape.ts";

/** Everything an entry can say, by the names that a profile uses for it. */
export const CANONICAL_FIELDS = [
  "time",
  "revision",
  "operation",
  "online",
  "source",
  "ip",
  "domain",
  "netbiosDomain",
  "user",
  "upn",
  "roles",
  "device",
  "deviceGroups",
  "deviceCategory",
  "deviceVendor",
  "deviceModel",
  "deviceOs",
  "deviceOsVersion",
  "constant",
] as const;
export type CanonicalField = (typeof CANONICAL_FIELDS)[number];

const name = (says: string, max = 64) =>
  text(says, {
    pattern: /^[A-Za-z_][A-Za-z0-9_.-]*$/,
    max,
    like: "a name of letters, digits, `_`, `.` and `-` that begins with a letter",
  });
const word = (says: string) =>
  text(says, {
    pattern: /^[A-Za-z0-9_.:-]+$/,
    max: 32,
    like: "a word of letters, digits, `_`, `.`, `:` and `-`",
  });
const path = text("", {
  pattern: /^[A-Za-z0-9_.~-]+(?:\/[A-Za-z0-9_.~-]+)*$/,
  max: 128,
  like: "a path without a leading slash, such as `user_query/v2`",
});
const words = record("What `operation` says.", {
  logon: optional(word("Somebody or a device is there."), "logon"),
  logoff: optional(word("Nobody is known there any more."), "logoff"),
  update: optional(word("The same person with other groups: used with `roleChange: update`."), "update"),
});

const field = record("One value of an entry and the names it is written under.", {
  of: choice("Which value.", CANONICAL_FIELDS),
  as: list(
    "The names it is written under; `/` parts levels: `end-user-attribute/device-identity/value`.",
    text("", {
      pattern: /^[A-Za-z_][A-Za-z0-9_.-]{0,63}(?:\/[A-Za-z_][A-Za-z0-9_.-]{0,63}){0,5}$/,
      max: 200,
      like: "a name, or up to 6 names parted by `/`, each of at most 64 letters, digits, `_`, `.` and `-`",
    }),
    1,
    8,
  ),
  on: optional(choice("In which entries it stands.", ["both", "logon", "logoff"]), "both"),
  whenEmpty: optional(
    choice(
      "What becomes of it without a value; `auto`: values of the person are written empty, those of the device left out. A device's values never stand in an entry without a device.",
      ["auto", "write", "omit"],
    ),
    "auto",
  ),
  words: optional(nullable(words), null),
  value: optional(
    text("The text of a `constant`.", {
      pattern: /^[\x20-\x7e]*$/,
      max: 64,
      like: "plain printable characters",
    }),
    "",
  ),
  separator: optional(
    nullable(
      text("Write a list as one text with this between its items; null: as a list.", {
        pattern: /^[\x20-\x7e]{1,3}$/,
        max: 3,
        like: "one to three printable characters",
      }),
    ),
    null,
  ),
  asText: optional(flag("Write a number or a truth value as a text (JSON)."), false),
});

const PARAMETERS_MAX = 10;
const parameters = (says: string) => list(says, name("", 64), 0, PARAMETERS_MAX);

/**
 * How one firewall family asks and wants to be answered: data, kept with the configuration, read by `readProfile`.
 *
 * Source: docs/reference/srx-profile.md is made from this; what is known of each choice: docs/protocol/srx-query.md.
 */
export const profileDocument = record("A profile.", {
  version: optional(whole("The form of this document.", 1, 1), 1),
  note: optional(
    text("For people: where it was learnt.", {
      pattern: /^[^\p{Cc}]*$/u,
      max: 500,
      like: "a text of one line",
    }),
    "",
  ),
  paths: optional(
    record(
      "What the firewall's `token-api` and `query-api` are set to: shown in samples; requests are told apart by their shape.",
      {
        tokenPrefixes: optional(list("Of the token request.", path, 1, 4), ["oauth_token/oauth"]),
        queryPrefixes: optional(list("Of all queries.", path, 1, 4), ["user_query/v2"]),
      },
    ),
    { tokenPrefixes: ["oauth_token/oauth"], queryPrefixes: ["user_query/v2"] },
  ),
  token: optional(
    record("The token.", {
      accept: optional(
        list(
          "How credentials may come. In the address they are taken only while learning, whatever stands here.",
          choice("", ["form", "json", "basic"]),
          1,
          3,
        ),
        ["form", "json", "basic"],
      ),
      ttlSeconds: optional(
        nullable(whole("The longest lifetime; null: what is set for the enforcement point.", 300, 86_400)),
        null,
      ),
      expiresInAs: optional(choice("How `expires_in` is written.", ["number", "string"]), "number"),
      format: optional(
        choice("How a token looks: 36 characters of a UUID, or 40 hex digits.", ["uuid", "hex40"]),
        "uuid",
      ),
    }),
    { accept: ["form", "json", "basic"], ttlSeconds: null, expiresInAs: "number", format: "uuid" },
  ),
  batch: optional(
    record("The batch query.", {
      beginParams: optional(parameters("Names of the begin time, beside `begintime`."), []),
      countParams: optional(parameters("Names of the number of entries, beside `entry_count`."), []),
      cookieParams: optional(parameters("Names of the cookie, beside `cookie` and `report`."), []),
      cookieOut: optional(
        list("Where an answer carries the cookie.", choice("", ["body", "setCookie", "header"]), 1, 3),
        ["body", "setCookie"],
      ),
      cookieBodyKey: optional(
        name("Its name in the body: a member of the document (JSON) or an attribute of its root (XML)."),
        "cookie",
      ),
      cookieName: optional(name("Its name in `Set-Cookie`.", 32), "report"),
      cookiePath: optional(
        text("The path in `Set-Cookie`.", {
          pattern: /^\/[A-Za-z0-9_.~/-]*$/,
          max: 128,
          like: "a path that begins with a slash",
        }),
        "/user_query",
      ),
      cookieHeader: optional(name("Its header, with `header`."), "X-Cookie"),
      maxEntries: optional(whole("Entries in one answer at most, whatever was asked for.", 1, 1000), 1000),
      timeUnit: optional(
        choice("The unit of the begin time; `auto`: seconds, above 10^11 milliseconds, or ISO 8601.", [
          "auto",
          "s",
          "ms",
          "iso",
        ]),
        "auto",
      ),
    }),
    {
      beginParams: [],
      countParams: [],
      cookieParams: [],
      cookieOut: ["body", "setCookie"],
      cookieBodyKey: "cookie",
      cookieName: "report",
      cookiePath: "/user_query",
      cookieHeader: "X-Cookie",
      maxEntries: 1000,
      timeUnit: "auto",
    },
  ),
  body: record("The answer.", {
    kind: choice("What it is written in.", ["json", "xml"]),
    contentType: optional(
      nullable(
        text("Its `Content-Type`; null: `application/json` or `application/xml`.", {
          pattern: /^[a-z]+\/[a-z0-9.+-]+(?:; ?charset=[A-Za-z0-9-]+)?$/,
          max: 100,
          like: "a media type such as `application/json`",
        }),
      ),
      null,
    ),
    listKey: nullable(
      name(
        "The member that holds the entries (JSON), or the root element (XML); null: the document is the list.",
      ),
    ),
    itemKey: optional(name("The element of one entry (XML)."), "entry"),
    wrapSingle: optional(
      flag(
        "An address query is answered with a list of one; false: with the bare entry. Batches are always lists.",
      ),
      true,
    ),
    words: optional(words, { logon: "logon", logoff: "logoff", update: "update" }),
    timeAs: optional(
      choice(
        "How times are written: seconds, milliseconds, `2025-10-09T08:53:20Z`, or `2025-10-09 08:53:20`; UTC.",
        ["s", "ms", "iso", "sql"],
      ),
      "s",
    ),
    roleChange: optional(
      choice(
        "A change of an entry more than a minute after its session began: said as another logon, or with the word for an update (also to a firewall that is told for the first time).",
        ["resend-logon", "update"],
      ),
      "resend-logon",
    ),
    deviceOnly: optional(
      choice(
        "A device without a person: a logon with an empty user, one without the user's names, or not told, so that nobody is there.",
        ["emptyUser", "omitUser", "skip"],
      ),
      "emptyUser",
    ),
    fields: list("What an entry says, in this order.", field, 3, 40),
  }),
  unknownIp: optional(
    choice(
      "An address nobody is known at: 200 and an empty document, 404 and an empty document, or 200 and an entry with an empty user.",
      ["empty200", "notFound404", "nullUser200"],
    ),
    "empty200",
  ),
  limits: optional(
    record("What the firewall holds. What goes beyond is cut, counted and said in the log.", {
      roles: optional(whole("Roles of one entry.", 1, 1000), 200),
      name: optional(whole("Bytes of a name.", 8, 255), 64),
      ipv6: optional(flag("Whether it takes IPv6 addresses at all."), true),
      entries: optional(
        nullable(
          whole(
            'Live entries at most; null: no limit. See docs/protocol/srx-query.md, "more than it holds".',
            100,
            2_000_000,
          ),
        ),
        null,
      ),
    }),
    { roles: 200, name: 64, ipv6: true, entries: null },
  ),
});
export type SrxProfileDocument = TypeOf<typeof profileDocument>;
export type ProfileField = SrxProfileDocument["body"]["fields"][number];
