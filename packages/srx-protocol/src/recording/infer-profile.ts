import type { SrxProfileDocument } from "../profiles/profile-document.ts";
import { type AnswerDocument, readAnswerDocument } from "./answer-document.ts";
import { classifyPairs, credentialsIn, headerIn, type SeenPair } from "./classify-pairs.ts";
import { inferCookie } from "./infer-cookie.ts";
import { inferFields } from "./infer-fields.ts";
import type { RecordedPair } from "./recorded-pair.ts";

/** One thing that was concluded. `missing`: nothing in the recording speaks of it. */
export interface Finding {
  readonly about: string;
  readonly how: "seen" | "guessed" | "missing";
  readonly sentence: string;
}

export interface InferredProfile {
  readonly document: SrxProfileDocument;
  readonly findings: readonly Finding[];
}

type Say = (about: string, how: Finding["how"], sentence: string) => void;

const BEGIN_KEYS = new Set(["begintime", "begin_time"]);
const COUNT_KEYS = new Set(["entry_count", "entrycount"]);
const COOKIE_KEYS = new Set(["cookie", "report"]);
const TIME = /^(?:\d{10}(?:\.\d+)?|\d{13}|\d{4}-\d\d-\d\d[T ].*)$/;
const NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/;
const PATH = /^[A-Za-z0-9_.~-]+(?:\/[A-Za-z0-9_.~-]+)*$/;

/**
 * Concludes from recorded pairs how a server answers a firewall, as a profile document.
 *
 * Shape:  a document that `readProfile` reads where the recording held a logon; `findings` says of each part whether it
 *         was seen, guessed or not there. Null where no answer with entries was recorded: then there is nothing to conclude.
 * Errors: none thrown.
 * Source: docs/protocol/recording.md, "what is concluded".
 */
export function inferProfile(recorded: readonly RecordedPair[]): InferredProfile | null {
  const pairs = classifyPairs(recorded);
  const findings: Finding[] = [];
  const say: Say = (about, how, sentence) => findings.push({ about, how, sentence });
  const documents = documentsOf(pairs);
  const told = documents.filter(({ document }) => document.entries.length > 0);
  const first = told[0]?.document;
  if (first === undefined) return null;
  const alike = told.filter(({ document }) => document.kind === first.kind).map(({ document }) => document);
  if (alike.length < told.length)
    say("body", "guessed", "Some answers are JSON and some XML: the first kind counts.");

  const token = inferToken(pairs, say);
  const batch = inferBatch(pairs, say);
  const body = inferBody(pairs, documents, alike, say);
  const unknownIp = inferUnknownIp(pairs, documents, say);
  const paths = inferPaths(pairs, say);
  return {
    document: {
      version: 1,
      note: `Concluded from ${recorded.length} recorded pairs.`,
      paths,
      token,
      batch,
      body,
      unknownIp,
      limits: { roles: 200, name: 64, ipv6: true, entries: null },
    },
    findings,
  };
}

interface ReadPair {
  readonly seen: SeenPair;
  readonly document: AnswerDocument;
}

function documentsOf(pairs: readonly SeenPair[]): ReadPair[] {
  return pairs.flatMap((seen) => {
    if (seen.kind === "token" || seen.answer === null || seen.status >= 400) return [];
    const document = readAnswerDocument(seen.answer);
    return document === null ? [] : [{ seen, document }];
  });
}

function inferToken(pairs: readonly SeenPair[], say: Say): SrxProfileDocument["token"] {
  const tokens = pairs.filter(({ kind, status }) => kind === "token" && status === 200);
  const ways = new Set(tokens.map(credentialsIn));
  const accept = (["form", "json", "basic"] as const).filter((way) => ways.has(way));
  const [granted] = tokens;
  if (granted === undefined) {
    say(
      "token",
      "missing",
      "No granted token was recorded: let the firewall fetch one (clear its token, or restart it) while recording.",
    );
    return { accept: ["form", "json", "basic"], ttlSeconds: null, expiresInAs: "number", format: "uuid" };
  }
  const names = [...granted.request.body, ...granted.request.parameters].map(({ name }) => name).join(", ");
  say(
    "token",
    "seen",
    `Asked for with ${granted.request.method}, credentials by ${[...ways].join(", ")}${names === "" ? "" : ` (${names})`}; the other ways go on being accepted.`,
  );
  if (ways.has("query"))
    say("token", "seen", "Credentials came in the address: that is taken only while learning.");
  const expires = /"expires_in"\s*:\s*("?)(\d+)/.exec(granted.answer ?? "");
  say(
    "token.expiresInAs",
    expires === null ? "missing" : "seen",
    expires === null
      ? "The answer names no expires_in."
      : `expires_in is ${expires[2]}, written as a ${expires[1] === "" ? "number" : "text"}.`,
  );
  const value = /"access_token"\s*:\s*"([^"]*)"/.exec(granted.answer ?? "")?.[1] ?? "";
  const isHex = /^[0-9a-f]{40}$/i.test(value);
  const isUuid = value.length === 36;
  say("token.format", isHex || isUuid ? "seen" : "guessed", `A token has ${value.length} characters.`);
  const others = (["form", "json", "basic"] as const).filter((way) => !ways.has(way));
  return {
    accept: [...accept, ...others],
    ttlSeconds: null,
    expiresInAs: expires?.[1] === '"' ? "string" : "number",
    format: isHex ? "hex40" : "uuid",
  };
}

function inferBatch(pairs: readonly SeenPair[], say: Say): SrxProfileDocument["batch"] {
  const batches = pairs.filter(({ kind }) => kind === "batch");
  const { places, sentAs } = inferCookie(pairs);
  const begins = new Map<string, string>();
  const counts = new Set<string>();
  for (const { request } of batches) {
    for (const { name, value } of request.parameters) {
      if (sentAs?.name === name) continue;
      if (value === "0" || TIME.test(value)) begins.set(name, value);
      else if (/^\d{1,4}$/.test(value)) counts.add(name);
    }
  }
  const beyond = (names: Iterable<string>, known: ReadonlySet<string>): string[] =>
    [...names]
      .filter((name) => NAME.test(name) && !known.has(name.toLowerCase().replaceAll("-", "_")))
      .slice(0, 10);
  if (batches.length === 0) say("batch", "missing", "No batch query was recorded.");
  else {
    say(
      "batch.beginParams",
      begins.size > 0 ? "seen" : "missing",
      begins.size > 0
        ? `The begin time is ${[...begins.keys()].join(", ")}.`
        : "No request named a begin time.",
    );
    say(
      "batch.countParams",
      counts.size > 0 ? "seen" : "missing",
      counts.size > 0
        ? `The number of entries is ${[...counts].join(", ")}.`
        : "No request named a number of entries.",
    );
    say(
      "batch.cookieParams",
      sentAs === null ? "missing" : "seen",
      sentAs === null
        ? "No request sent back anything that an answer gave: record at least two polls."
        : `The cookie comes back as the ${sentAs.in} ${sentAs.name}.`,
    );
    say(
      "batch.cookieOut",
      sentAs === null ? "guessed" : "seen",
      places.length === 0
        ? "No place of the cookie was found; ours stay."
        : `Answers carry it in ${places.map((place) => (place.kind === "body" ? `the body (${place.key})` : place.kind === "setCookie" ? `Set-Cookie (${place.name})` : `the header ${place.name}`)).join(" and ")}.`,
    );
  }
  const inBody = places.find((place) => place.kind === "body");
  const setCookie = places.find((place) => place.kind === "setCookie");
  const header = places.find((place) => place.kind === "header");
  const begin = [...begins.values()].find((value) => value !== "0");
  const timeUnit =
    begin === undefined
      ? "auto"
      : /^\d{10}/.test(begin) && !/^\d{13}/.test(begin)
        ? "s"
        : /^\d{13}/.test(begin)
          ? "ms"
          : "iso";
  if (batches.length > 0 && begin === undefined)
    say("batch.timeUnit", "guessed", "No begin time but 0 was seen: its unit is told by its size.");
  const kinds = [...new Set(places.map(({ kind }) => kind))];
  return {
    beginParams: beyond(begins.keys(), BEGIN_KEYS),
    countParams: beyond(counts, COUNT_KEYS),
    cookieParams: sentAs?.in === "parameter" ? beyond([sentAs.name], COOKIE_KEYS) : [],
    cookieOut: kinds.length > 0 ? kinds : ["setCookie"],
    cookieBodyKey: inBody?.key ?? "cookie",
    cookieName: setCookie?.name ?? "report",
    cookiePath: setCookie?.path ?? "/user_query",
    cookieHeader: header?.name ?? "X-Cookie",
    maxEntries: 1000,
    timeUnit,
  };
}

function inferBody(
  pairs: readonly SeenPair[],
  documents: readonly ReadPair[],
  told: readonly AnswerDocument[],
  say: Say,
): SrxProfileDocument["body"] {
  const [first] = told;
  const isXml = first?.kind === "xml";
  const listed =
    documents.find(({ document, seen }) => seen.kind === "batch" && !document.isBare)?.document ??
    told.find((document) => !document.isBare);
  const single = documents.find(
    ({ document, seen }) => seen.kind === "ip" && document.entries.length === 1,
  )?.document;
  const pushed = new Set(
    pairs.flatMap(({ kind, request }) =>
      kind === "user" ? [...request.parameters, ...request.body].map(({ value }) => value.toLowerCase()) : [],
    ),
  );
  const inferred = inferFields(told, pushed);
  say(
    "body.kind",
    "seen",
    `Answers are ${isXml ? "XML" : "JSON"}, ${told.reduce((sum, document) => sum + document.entries.length, 0)} entries in ${told.length} of them.`,
  );
  if (listed === undefined)
    say("body.listKey", "guessed", "No list of entries was recorded, only single ones.");
  else
    say(
      "body.listKey",
      "seen",
      listed.listKey === null
        ? "The document is the list itself."
        : `The list is ${listed.listKey}${listed.itemKey === null ? "" : ` of ${listed.itemKey}`}.`,
    );
  say(
    "body.wrapSingle",
    single === undefined ? "guessed" : "seen",
    single === undefined
      ? "No address query with an answer was recorded; it is taken to be a list of one."
      : single.isBare
        ? "An address query is answered with the bare entry."
        : "An address query is answered with a list of one.",
  );
  for (const { isSure, sentence } of inferred.reasons)
    say("body.fields", isSure ? "seen" : "guessed", sentence);
  for (const path of inferred.unmapped)
    say("body.fields", "missing", `${path} stands for nothing that a profile can say: it is left out.`);
  if (!inferred.fields.some(({ of }) => of === "operation" || of === "online"))
    say(
      "body.fields",
      "missing",
      "Nothing tells a logoff from a logon: log somebody off while recording, and add the field by hand.",
    );
  const type = contentTypeOf(documents);
  return {
    kind: isXml ? "xml" : "json",
    contentType: type === (isXml ? "application/xml" : "application/json") || type === null ? null : type,
    listKey: listed === undefined ? (isXml ? "entries" : null) : listed.listKey,
    itemKey: told.find(({ itemKey }) => itemKey !== null)?.itemKey ?? "entry",
    wrapSingle: single === undefined ? true : !single.isBare,
    words: inferred.words,
    timeAs: inferred.timeAs,
    roleChange: inferred.roleChange,
    deviceOnly: inferred.deviceOnly,
    fields: inferred.fields,
  };
}

function contentTypeOf(documents: readonly ReadPair[]): string | null {
  const { response } = documents[0]?.seen.pair ?? {};
  const type = response == null ? "" : headerIn(response, "content-type");
  return /^[a-z]+\/[a-z0-9.+-]+(?:; ?charset=[A-Za-z0-9-]+)?$/.test(type) ? type : null;
}

function inferUnknownIp(
  pairs: readonly SeenPair[],
  documents: readonly ReadPair[],
  say: Say,
): SrxProfileDocument["unknownIp"] {
  if (pairs.some(({ kind, status }) => kind === "ip" && status === 404)) {
    say("unknownIp", "seen", "An unknown address is answered 404.");
    return "notFound404";
  }
  const asked = documents.filter(({ seen }) => seen.kind === "ip");
  if (asked.some(({ document }) => document.entries.length === 0)) {
    say("unknownIp", "seen", "An unknown address is answered 200 with nothing in it.");
    return "empty200";
  }
  const nobody = asked.find(({ document, seen }) =>
    document.entries.some(
      (leaves) =>
        leaves.some(({ path, value }) => /user/i.test(path) && value === "") &&
        leaves.some(({ value }) => value === seen.ip) &&
        !leaves.some(({ path }) => /device/i.test(path)),
    ),
  );
  if (nobody !== undefined) {
    say("unknownIp", "guessed", "An unknown address is answered with an entry whose user is empty.");
    return "nullUser200";
  }
  say(
    "unknownIp",
    "missing",
    "No query for an unknown address was answered 200: ask for one while recording.",
  );
  return "empty200";
}

function inferPaths(pairs: readonly SeenPair[], say: Say): SrxProfileDocument["paths"] {
  const cut = (kinds: readonly string[], tail: RegExp): string[] => [
    ...new Set(
      pairs
        .filter(({ kind }) => kinds.includes(kind))
        .map(({ request }) => request.path.replace(tail, ""))
        .filter((path) => PATH.test(path) && path.length <= 128),
    ),
  ];
  const tokenPrefixes = cut(["token"], /$^/).slice(0, 4);
  const queryPrefixes = cut(["batch", "ip", "user"], /\/(?:users\/endpoints|ip\/[^/]+|user|batch)$/).slice(
    0,
    4,
  );
  if (tokenPrefixes.length > 0)
    say("paths.tokenPrefixes", "seen", `Tokens are fetched at ${tokenPrefixes.join(", ")}.`);
  if (queryPrefixes.length > 0)
    say("paths.queryPrefixes", "seen", `Queries go to ${queryPrefixes.join(", ")}.`);
  return {
    tokenPrefixes: tokenPrefixes.length > 0 ? tokenPrefixes : ["oauth_token/oauth"],
    queryPrefixes: queryPrefixes.length > 0 ? queryPrefixes : ["user_query/v2"],
  };
}
