import { readFileSync } from "node:fs";
import { type Command, InvalidArgumentError, Option } from "commander";
import { type BodyProfile, type ServerOptions, serverUrl } from "../server-link.ts";
import type { TokenStyle } from "../token-request.ts";

/** A command line that cannot be carried out; the message names the flag and the remedy. */
export class UsageError extends Error {}

export interface ServerFlags {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret?: string;
  readonly clientSecretFile?: string;
  readonly ca?: string;
  readonly insecure?: true;
  readonly serverName?: string;
  readonly tokenApi: string;
  readonly queryApi: string;
  readonly tokenStyle: TokenStyle;
  readonly profile: BodyProfile;
  readonly parameter?: readonly (readonly [string, string])[];
  readonly timeout: number;
}

export interface SecondaryFlags {
  readonly secondaryUrl?: string;
  readonly secondaryClientId?: string;
  readonly secondaryClientSecret?: string;
  readonly secondaryClientSecretFile?: string;
  readonly secondaryServerName?: string;
}

/** Adds the flags that say which server to ask, and as whom. */
export function addServerFlags(command: Command): Command {
  return command
    .requiredOption("--url <url>", "the server: https://HOST:PORT, or http:// for debugging", checkedUrl)
    .requiredOption("--client-id <id>", "client id of the enforcement point")
    .addOption(
      new Option("--client-secret <secret>", "its secret (seen by everyone who may list processes)").env(
        "ROLLCALL_SRX_CLIENT_SECRET",
      ),
    )
    .option("--client-secret-file <file>", "file that holds the secret on its first line")
    .addOption(
      new Option("--ca <file>", "trust the certificates of this CA (PEM) instead of the machine's").conflicts(
        "insecure",
      ),
    )
    .option("--insecure", "do not check the server's certificate, as an SRX without a ca-profile")
    .option("--server-name <name>", "name to ask for and to check in the certificate")
    .addOption(
      new Option("--token-style <style>", "how credentials are sent")
        .choices(["form", "json", "basic"])
        .default("form"),
    )
    .addOption(
      new Option("--profile <profile>", "what answers are read as: each has a reader of its own")
        .choices(["json", "xml", "insight"])
        .default("json"),
    )
    .option("--token-api <path>", "path of the token request", pathOnly, "oauth_token/oauth")
    .option("--query-api <path>", "path before each query", pathOnly, "user_query/v2")
    .option(
      "--parameter <name=value>",
      "extra parameter of each batch query, such as a filter; may be repeated",
      parameter,
    )
    .option("--timeout <seconds>", "longest wait for an answer", secondsAbove0, 10);
}

/** Reads the flags of the one server, or of the primary. */
export function primaryFrom(flags: ServerFlags): ServerOptions {
  return {
    url: flags.url,
    clientId: flags.clientId,
    clientSecret: secretFrom("--client-secret", flags.clientSecret, flags.clientSecretFile),
    ca: flags.ca === undefined ? undefined : readCa(flags.ca),
    insecure: flags.insecure,
    serverName: flags.serverName,
    tokenApi: flags.tokenApi,
    queryApi: flags.queryApi,
    tokenStyle: flags.tokenStyle,
    profile: flags.profile,
    parameters: flags.parameter,
    requestTimeoutMs: flags.timeout * 1000,
  };
}

/** Reads the flags of the secondary; what is not said is as at the primary. */
export function secondaryFrom(flags: SecondaryFlags, primary: ServerOptions): ServerOptions | undefined {
  if (flags.secondaryUrl === undefined) {
    const stray = Object.entries(flags).find(
      ([name, value]) => name.startsWith("secondary") && value !== undefined,
    );
    if (stray)
      throw new UsageError(
        "a --secondary-… flag is given without --secondary-url: add it, or leave both out",
      );
    return undefined;
  }
  const hasOwnSecret =
    flags.secondaryClientSecret !== undefined || flags.secondaryClientSecretFile !== undefined;
  return {
    ...primary,
    url: flags.secondaryUrl,
    clientId: flags.secondaryClientId ?? primary.clientId,
    clientSecret: hasOwnSecret
      ? secretFrom("--secondary-client-secret", flags.secondaryClientSecret, flags.secondaryClientSecretFile)
      : primary.clientSecret,
    serverName: flags.secondaryServerName ?? primary.serverName,
  };
}

function secretFrom(flag: string, value: string | undefined, file: string | undefined): string {
  if (file !== undefined) {
    const secret = readText(file, `${flag}-file`).split(/\r?\n/)[0]?.trim();
    if (!secret)
      throw new UsageError(`the first line of ${file} (${flag}-file) is empty: write the secret there`);
    return secret;
  }
  if (!value) throw new UsageError(`there is no client secret: give ${flag} SECRET or ${flag}-file FILE`);
  return value;
}

function readCa(file: string): string {
  const pem = readText(file, "--ca");
  if (!pem.includes("-----BEGIN CERTIFICATE-----"))
    throw new UsageError(`${file} (--ca) holds no PEM certificate: download the customer's SRX CA again`);
  return pem;
}

function readText(file: string, flag: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why =
      code === "ENOENT" ? "there is no such file" : code === "EACCES" ? "it may not be read" : String(code);
    throw new UsageError(`cannot read ${file} (${flag}): ${why}`);
  }
}

/** Parses a server's URL for commander. */
export function checkedUrl(text: string): string {
  try {
    return serverUrl(text).origin;
  } catch (error) {
    throw new InvalidArgumentError(error instanceof RangeError ? `${error.message}.` : String(error));
  }
}

/** Seconds, fractions allowed, zero not. */
export function secondsAbove0(text: string): number {
  const seconds = Number(text);
  if (text.trim() === "" || !(seconds > 0 && seconds <= 86_400))
    throw new InvalidArgumentError("Write seconds above 0, such as 5 or 0.2.");
  return seconds;
}

/** Seconds, fractions and zero allowed. */
export function secondsFrom0(text: string): number {
  return Number(text) === 0 && text.trim() !== "" ? 0 : secondsAbove0(text);
}

/** A whole number from 1 to `max`. */
export function wholeNumber(max: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (text.trim() === "" || !Number.isInteger(count) || count < 1 || count > max)
      throw new InvalidArgumentError(`Write a whole number from 1 to ${max}.`);
    return count;
  };
}

function pathOnly(text: string): string {
  const path = text.replace(/^\/+|\/+$/g, "");
  if (!/^[A-Za-z0-9._~/-]{1,128}$/.test(path))
    throw new InvalidArgumentError("Write a path of at most 128 letters, digits and . _ ~ / -");
  return path;
}

function parameter(
  text: string,
  before: readonly (readonly [string, string])[] = [],
): (readonly [string, string])[] {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("Write NAME=VALUE.");
  return [...before, [text.slice(0, at), text.slice(at + 1)]];
}
