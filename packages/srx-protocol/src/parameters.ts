import { headerOf, type RawRequest } from "./request.ts";
import { parseXmlParameters } from "./xml-parameters.ts";

/** One name and value, in the order sent. */
export interface Parameter {
  /** As sent, percent-decoded. */
  readonly name: string;
  /** Lower case, `-` written as `_`: what is compared. */
  readonly key: string;
  readonly value: string;
}

/** More than this is no firewall's request. */
export const MAX_PARAMETERS = 2000;

export type BodyParameters =
  | {
      readonly kind: "parameters";
      readonly from: "form" | "json" | "xml";
      readonly parameters: readonly Parameter[];
    }
  | { readonly kind: "none" }
  | { readonly kind: "unreadable" }
  | { readonly kind: "other-type" };

export function normaliseName(name: string): string {
  return name.toLowerCase().replaceAll("-", "_");
}

/**
 * Reads `a=b&c=d`, `+` meaning a blank. What is not valid percent-encoding stays as it was sent.
 *
 * Shape:  in the order sent, repeats kept; null when there are more than `MAX_PARAMETERS`.
 * Errors: none thrown.
 * Source: application/x-www-form-urlencoded, WHATWG URL standard, section 5 (documented).
 */
export function parseUrlEncoded(text: string): readonly Parameter[] | null {
  if (text === "") return [];
  const pieces = text.split("&", MAX_PARAMETERS + 1);
  if (pieces.length > MAX_PARAMETERS) return null;
  const parameters: Parameter[] = [];
  for (const piece of pieces) {
    if (piece === "") continue;
    const equals = piece.indexOf("=");
    const name = decodeComponent(equals < 0 ? piece : piece.slice(0, equals));
    const value = equals < 0 ? "" : decodeComponent(piece.slice(equals + 1));
    parameters.push({ name, key: normaliseName(name), value });
  }
  return parameters;
}

/** `+` means a blank; text that is not valid percent-encoded UTF-8 is left as it is. */
export function decodeComponent(text: string): string {
  const blanks = text.includes("+") ? text.replaceAll("+", " ") : text;
  if (!blanks.includes("%")) return blanks;
  try {
    return decodeURIComponent(blanks);
  } catch {
    return blanks;
  }
}

/**
 * Reads the parameters of a body: a form, one JSON object whose values are texts, numbers, booleans or lists of them, or
 * the elements of an XML document. Without a content type the first character decides. Nested objects are passed over.
 */
export function parseBodyParameters(raw: RawRequest): BodyParameters {
  const body = raw.body;
  if (body.trim() === "") return { kind: "none" };
  const type = headerOf(raw, "content-type").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const isJson =
    type === "" ? body.trimStart().startsWith("{") : type === "application/json" || type.endsWith("+json");
  if (isJson) return fromJson(body);
  const isXml =
    type === "" ? body.trimStart().startsWith("<") : type.endsWith("/xml") || type.endsWith("+xml");
  if (isXml) {
    const parameters = parseXmlParameters(body);
    return parameters === null ? { kind: "unreadable" } : { kind: "parameters", from: "xml", parameters };
  }
  if (type !== "" && type !== "application/x-www-form-urlencoded") return { kind: "other-type" };
  const parameters = parseUrlEncoded(body.trim());
  return parameters === null ? { kind: "unreadable" } : { kind: "parameters", from: "form", parameters };
}

function fromJson(body: string): BodyParameters {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return { kind: "unreadable" };
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return { kind: "unreadable" };
  const parameters: Parameter[] = [];
  for (const [name, value] of Object.entries(parsed)) {
    for (const single of Array.isArray(value) ? value : [value]) {
      if (typeof single !== "string" && typeof single !== "number" && typeof single !== "boolean") continue;
      if (parameters.length >= MAX_PARAMETERS) return { kind: "unreadable" };
      parameters.push({ name, key: normaliseName(name), value: String(single) });
    }
  }
  return { kind: "parameters", from: "json", parameters };
}

const NESTED_DEPTH_MAX = 5;

/** The texts, numbers and booleans of a JSON body at any depth, by the name next to them; empty where it is no such body. */
export function nestedJsonParameters(body: string): readonly Parameter[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return [];
  }
  const parameters: Parameter[] = [];
  const visit = (value: unknown, name: string, depth: number): void => {
    if (parameters.length >= MAX_PARAMETERS || depth > NESTED_DEPTH_MAX) return;
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
      parameters.push({ name, key: normaliseName(name), value: String(value) });
    else if (Array.isArray(value)) for (const item of value) visit(item, name, depth + 1);
    else if (typeof value === "object" && value !== null)
      for (const [key, member] of Object.entries(value)) visit(member, key, depth + 1);
  };
  visit(parsed, "", 0);
  return parameters;
}
