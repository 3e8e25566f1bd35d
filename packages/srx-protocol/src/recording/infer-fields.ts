import { parseIp } from "@rollcall/identity-core/ip-address";
import type { CanonicalField, ProfileField, SrxProfileDocument } from "../profiles/profile-document.ts";
import type { AnswerDocument, Leaf, LeafValue } from "./answer-document.ts";
import { splitWords } from "./known-words.ts";

export interface InferredFields {
  readonly fields: readonly ProfileField[];
  readonly words: SrxProfileDocument["body"]["words"];
  readonly timeAs: SrxProfileDocument["body"]["timeAs"];
  readonly roleChange: SrxProfileDocument["body"]["roleChange"];
  readonly deviceOnly: SrxProfileDocument["body"]["deviceOnly"];
  /** Said of each: what it was taken for and why. */
  readonly reasons: readonly { readonly isSure: boolean; readonly sentence: string }[];
  /** Names that stand for nothing we know. */
  readonly unmapped: readonly string[];
}

const LOGON = new Set(["logon", "login", "signin", "connect", "connected", "online", "active"]);
const LOGOFF = new Set([
  "logoff",
  "logout",
  "signout",
  "disconnect",
  "disconnected",
  "offline",
  "inactive",
  "expired",
  "terminate",
]);
const UPDATE = new Set(["update", "updated", "refresh", "rekey"]);
const LOGOFF_OF: Readonly<Record<string, string>> = {
  logon: "logoff",
  login: "logout",
  signin: "signout",
  connect: "disconnect",
  connected: "disconnected",
  online: "offline",
  active: "inactive",
};
const TIME_FORMS = [
  ["s", /^\d{10}(?:\.\d+)?$/],
  ["ms", /^\d{13}$/],
  ["iso", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/],
  ["sql", /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/],
] as const;

/** What a name means, by its words; the first that fits counts. */
const NAMES: readonly (readonly [CanonicalField, RegExp])[] = [
  [
    "deviceGroups",
    /(?:device|endpoint|host|machine|computer)(?:-identity)?-groups?(?:-group)?$|device-identity-groups?/,
  ],
  ["deviceOsVersion", /os-version$/],
  ["deviceOs", /(?:^|-)os(?:-name|-type)?$/],
  ["deviceCategory", /category$/],
  ["deviceVendor", /vendor$/],
  ["deviceModel", /model$|device-type$/],
  ["netbiosDomain", /netbios/],
  ["domain", /domain(?:-name)?$|realm$/],
  ["upn", /(?:^|-)upn$|principal-name$/],
  [
    "device",
    /device-identity-value$|(?:^|-)(?:device|endpoint|host|machine|computer|workstation)(?:-name|-id)?$|hostname$/,
  ],
  ["roles", /(?:^|-)(?:roles?|groups?)(?:-(?:list|role|group|names?))*$/],
  [
    "user",
    /(?:^|-)(?:user|account|person|sam|samaccount|login)(?:-?name|-?id)?$|(?:^|-)username$|samaccountname$|(?:^|-)uid$/,
  ],
  ["source", /source$/],
  ["revision", /(?:^|-)(?:seq|sequence|revision)$/],
];
const LISTS: ReadonlySet<CanonicalField> = new Set(["roles", "deviceGroups"]);

interface Column {
  readonly path: string;
  /** By entry; undefined where it does not stand. */
  readonly values: (LeafValue | undefined)[];
}

/** Takes the entries of all answers and says what each of their names stands for. */
export function inferFields(
  documents: readonly AnswerDocument[],
  usersPushed: ReadonlySet<string>,
): InferredFields {
  const isXml = documents[0]?.kind === "xml";
  const entries = documents.flatMap((document) => document.entries);
  const columns = columnsOf(entries);
  const reasons: { isSure: boolean; sentence: string }[] = [];
  const meanings = new Map<string, CanonicalField>();
  const mean = (column: Column, of: CanonicalField, isSure: boolean, why: string): void => {
    meanings.set(column.path, of);
    reasons.push({ isSure, sentence: `${column.path} is the ${of}: ${why}.` });
  };

  let timeAs: InferredFields["timeAs"] | null = null;
  for (const column of columns) {
    const texts = textsOf(column);
    const form = TIME_FORMS.find(
      ([, pattern]) => texts.length > 0 && texts.every((text) => pattern.test(text)),
    )?.[0];
    const name = nameOf(column.path);
    if (texts.length > 0 && texts.every((text) => parseIp(text) !== null))
      mean(column, "ip", true, "every value is an address");
    else if (form !== undefined && (timeAs === null || timeAs === form)) {
      timeAs = form;
      mean(column, "time", true, "every value is a time");
    } else if (texts.length > 0 && texts.every((text) => isWord(text)))
      mean(column, "operation", true, `it says ${quoted(new Set(texts))}`);
    else if (
      column.values.every(
        (value) => value === undefined || typeof value === "boolean" || value === "true" || value === "false",
      ) &&
      /online|active|connected|alive/.test(name)
    )
      mean(column, "online", true, "it says true or false");
    else {
      const known = NAMES.find(([, pattern]) => pattern.test(name))?.[0];
      if (known === "user" && texts.some((text) => usersPushed.has(text.toLowerCase())))
        mean(column, "user", true, "the firewall pushed the same user");
      else if (known !== undefined) mean(column, known, true, "its name says so");
    }
  }
  // What is left: the same values as a field already known, entry by entry, make another name of it.
  const unmapped: string[] = [];
  for (const column of columns) {
    if (meanings.has(column.path)) continue;
    const twin = columns.find((other) => meanings.has(other.path) && isTwin(column, other));
    const of = twin === undefined ? undefined : meanings.get(twin.path);
    if (of !== undefined) mean(column, of, false, `its values are always those of ${twin?.path}`);
    else if (!isConstant(column)) unmapped.push(column.path);
  }

  const operations = columns.filter(({ path }) => meanings.get(path) === "operation");
  const online = columns.find(({ path }) => meanings.get(path) === "online");
  const isLogoff = entries.map(
    (_, at) =>
      operations.some(({ values }) => LOGOFF.has(String(values[at]).toLowerCase())) ||
      String(online?.values[at]) === "false",
  );
  const words = wordsOf(operations[0], reasons);
  const device = columns.filter(({ path }) => meanings.get(path) === "device");
  const user = columns.find(({ path }) => meanings.get(path) === "user");
  const isAlone = entries.map(
    (_, at) =>
      isLogoff[at] === false &&
      device.some(({ values }) => isFilled(values[at])) &&
      !isFilled(user?.values[at]),
  );
  const deviceOnly = isAlone.some((alone, at) => alone && user?.values[at] === undefined)
    ? "omitUser"
    : "emptyUser";
  reasons.push(
    isAlone.includes(true)
      ? {
          isSure: true,
          sentence: `A device without a person is told ${deviceOnly === "omitUser" ? "without a user" : "with an empty user"}.`,
        }
      : {
          isSure: false,
          sentence: "No device without a person was seen; it is taken to be told with an empty user.",
        },
  );

  const fields = columns.flatMap((column): ProfileField[] => {
    const of = meanings.get(column.path);
    if (of === undefined) return isConstant(column) ? [constantField(column, isLogoff, reasons)] : [];
    return [
      fieldOf(column, of, {
        isXml,
        isLogoff,
        isAlone: deviceOnly === "omitUser" ? isAlone : [],
        words,
        reasons,
      }),
    ];
  });
  const saysUpdate = operations.some(({ values }) =>
    values.some((value) => UPDATE.has(String(value).toLowerCase())),
  );
  return {
    fields: joinNames(fields),
    words,
    timeAs: timeAs ?? "s",
    roleChange: saysUpdate ? "update" : "resend-logon",
    deviceOnly,
    reasons,
    unmapped,
  };
}

/** Every path in the order of the documents: a path first seen late is put behind the one it follows. */
function columnsOf(entries: readonly (readonly Leaf[])[]): Column[] {
  const order: string[] = [];
  for (const leaves of entries) {
    let after = -1;
    for (const { path } of leaves) {
      const at = order.indexOf(path);
      if (at >= 0) after = at;
      else order.splice(++after, 0, path);
    }
  }
  // `<role-list></role-list>` where others have `role-list/role`: the empty list of that name.
  const isParent = (path: string): boolean => order.some((other) => other.startsWith(`${path}/`));
  return order
    .filter((path) => !isParent(path))
    .map((path) => ({
      path,
      values: entries.map((leaves) => {
        const own = leaves.find((leaf) => leaf.path === path)?.value;
        if (own !== undefined) return own;
        const parent = leaves.find((leaf) => path.startsWith(`${leaf.path}/`));
        return parent?.value === "" ? [] : undefined;
      }),
    }));
}

interface FieldContext {
  readonly isXml: boolean;
  readonly isLogoff: readonly boolean[];
  /** Entries whose user is left out because nobody is there. */
  readonly isAlone: readonly boolean[];
  readonly words: SrxProfileDocument["body"]["words"];
  readonly reasons: { isSure: boolean; sentence: string }[];
}

function fieldOf(column: Column, of: CanonicalField, context: FieldContext): ProfileField {
  const { isXml, isLogoff, isAlone, words, reasons } = context;
  const on = standsIn(column, isLogoff);
  const ofDevice = of.startsWith("device");
  const isMissing = column.values.some(
    (value, at) =>
      value === undefined && isAlone[at] !== true && (on === "both" || (on === "logoff") === isLogoff[at]),
  );
  const isWrittenEmpty = column.values.some((value) => value !== undefined && !isFilled(value));
  const own = of === "operation" ? wordsOf(column, []) : null;
  const item = of === "roles" ? "role" : "group";
  const isEmptyList =
    isXml && LISTS.has(of) && !column.values.some(isFilled) && /(?:list|s)$/i.test(column.path);
  if (isEmptyList)
    reasons.push({
      isSure: false,
      sentence: `${column.path} was always empty; its items are taken to be named ${item}.`,
    });
  const isText = (value: LeafValue | undefined): boolean => typeof value === "string";
  const isList = LISTS.has(of);
  const joined = isList && !isXml && column.values.some(isText);
  if (joined)
    reasons.push({
      isSure: column.values.some((value) => String(value).includes(",")),
      sentence: `${column.path} is a list written as one text, parted by commas.`,
    });
  return {
    of,
    as: [isEmptyList ? `${column.path}/${item}` : column.path],
    on: of === "ip" ? "both" : on,
    whenEmpty: ofDevice ? (isWrittenEmpty ? "write" : "auto") : isMissing ? "omit" : "auto",
    words: own !== null && JSON.stringify(own) !== JSON.stringify(words) ? own : null,
    value: "",
    separator: joined ? "," : null,
    asText:
      !isXml &&
      (of === "time" || of === "online") &&
      column.values.some(isText) &&
      !/[-:]/.test(textsOf(column).join("")),
  };
}

function constantField(
  column: Column,
  isLogoff: readonly boolean[],
  reasons: FieldContext["reasons"],
): ProfileField {
  const value = textsOf(column)[0] ?? "";
  reasons.push({
    isSure: false,
    sentence: `${column.path} always says ${quoted(new Set([value]))}; it is taken for a constant.`,
  });
  return {
    of: "constant",
    as: [column.path],
    on: standsIn(column, isLogoff),
    whenEmpty: "auto",
    words: null,
    value,
    separator: null,
    asText: false,
  };
}

/** A text of a few plain characters that is the same in every entry, of which there are several. */
function isConstant(column: Column): boolean {
  const texts = textsOf(column);
  return (
    texts.length >= 3 &&
    new Set(texts).size === 1 &&
    /^[\x20-\x7e]{1,64}$/.test(texts[0] ?? "") &&
    column.values.every((value) => value === undefined || typeof value === "string")
  );
}

function standsIn(column: Column, isLogoff: readonly boolean[]): ProfileField["on"] {
  const has = (logoff: boolean): boolean =>
    column.values.some((value, at) => value !== undefined && isLogoff[at] === logoff);
  if (!isLogoff.includes(true) || (has(true) && has(false))) return "both";
  return has(true) ? "logoff" : "logon";
}

function wordsOf(
  column: Column | undefined,
  reasons: FieldContext["reasons"],
): SrxProfileDocument["body"]["words"] {
  const said = [...new Set(column === undefined ? [] : textsOf(column))];
  const find = (words: ReadonlySet<string>): string | undefined =>
    said.find((word) => words.has(word.toLowerCase()));
  const logon = find(LOGON) ?? "logon";
  const logoff = find(LOGOFF);
  if (column !== undefined && logoff === undefined)
    reasons.push({
      isSure: false,
      sentence: `No logoff was seen in ${column.path}: log somebody off while recording.`,
    });
  return {
    logon,
    logoff: logoff ?? LOGOFF_OF[logon.toLowerCase()] ?? "logoff",
    update: find(UPDATE) ?? "update",
  };
}

/** Neighbours that mean the same and are written the same way become one field with several names. */
function joinNames(fields: readonly ProfileField[]): ProfileField[] {
  const joined: ProfileField[] = [];
  for (const field of fields) {
    const last = joined.at(-1);
    const { as: _a, ...rule } = field;
    const { as: _b, ...lastRule } = last ?? field;
    if (
      last !== undefined &&
      last.as.length < 8 &&
      field.of !== "constant" &&
      JSON.stringify(rule) === JSON.stringify(lastRule)
    )
      joined[joined.length - 1] = { ...last, as: [...last.as, ...field.as] };
    else joined.push(field);
  }
  return joined;
}

function isTwin(one: Column, other: Column): boolean {
  const filled = one.values.filter(isFilled);
  return (
    filled.length >= 2 &&
    new Set(filled.map(String)).size >= 2 &&
    one.values.every(
      (value, at) => !isFilled(value) || JSON.stringify(value) === JSON.stringify(other.values[at]),
    )
  );
}

function textsOf({ values }: Column): string[] {
  return values.filter((value) => isFilled(value) && typeof value !== "object").map((value) => String(value));
}

function isFilled(value: LeafValue | undefined): value is string | number | boolean | readonly string[] {
  return (
    value !== undefined && value !== null && value !== "" && !(Array.isArray(value) && value.length === 0)
  );
}

function isWord(text: string): boolean {
  const word = text.toLowerCase();
  return LOGON.has(word) || LOGOFF.has(word) || UPDATE.has(word);
}

function nameOf(path: string): string {
  return splitWords(path).join("-");
}

function quoted(values: ReadonlySet<string>): string {
  return [...values].slice(0, 4).join(", ");
}
