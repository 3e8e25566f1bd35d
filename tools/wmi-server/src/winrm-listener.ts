import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import { NtlmAcceptor, type TestAccount } from "@rollcall/windows-rpc/testing";
import { answerQuery, type Computer } from "./computer.ts";
import type { Row } from "./write-object.ts";

export interface WinrmSettings {
  readonly host: string;
  readonly port: number;
  readonly computer: Computer;
  readonly accounts: readonly TestAccount[];
  readonly denied: readonly string[];
  /** HTTPS with this certificate, where messages are not encrypted once more; HTTP where absent. */
  readonly tls?: { readonly certPem: string; readonly keyPem: string };
  /** Logins that were tried are noted here. */
  readonly logins: string[];
}

export interface WinrmListener {
  readonly port: number;
  close(): Promise<void>;
}

interface Login {
  readonly acceptor: NtlmAcceptor;
  user: string | null;
}

const EMPTY = new Uint8Array();
/** Unicode, sealing with 128 bits and key exchange, whatever was offered: some clients leave it to the server to say so. */
const CHALLENGE_FLAGS = 0xe289_8235;
const REQUEST_BYTES_MAX = 1_048_576;
const MESSAGE = "application/soap+xml;charset=UTF-8";
/** Rows in one answer: so few, so that the rest must be pulled. */
const ROWS_AT_ONCE = 2;

/** WinRM: a login by NTLM over one connection; at HTTP messages that it encrypts, and nothing is answered in clear. */
export async function startWinrm(settings: WinrmSettings): Promise<WinrmListener> {
  const logins = new WeakMap<Socket, Login>();
  const waiting = new Map<string, { readonly className: string; readonly rows: Row[] }>();
  const { tls } = settings;
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    void answer(request, response).catch(() => response.destroy());
  };
  const server =
    tls === undefined
      ? createServer(handle)
      : createTlsServer({ cert: tls.certPem, key: tls.keyPem }, handle);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await read(request);
    if (request.url !== "/wsman" || request.method !== "POST") {
      end(response, 404);
      return;
    }
    const login = logins.get(request.socket);
    const token = /^Negotiate\s+(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
    if (token !== undefined) {
      logIn(request, response, Buffer.from(token, "base64"), body);
      return;
    }
    if (login?.user === null || login?.user === undefined) {
      end(response, 401, { "www-authenticate": "Negotiate" });
      return;
    }
    answerMessage(response, login, login.user, body);
  }

  function logIn(request: IncomingMessage, response: ServerResponse, token: Buffer, body: Buffer): void {
    // Type of an NTLM message, behind its signature.
    if (token.readUInt32LE(8) === 1) {
      const acceptor = new NtlmAcceptor({
        accounts: () => settings.accounts,
        computer: settings.computer.name,
        flags: CHALLENGE_FLAGS,
      });
      const challenge = acceptor.challenge(token);
      logins.set(request.socket, { acceptor, user: null });
      end(response, 401, { "www-authenticate": `Negotiate ${challenge.toString("base64")}` });
      return;
    }
    const login = logins.get(request.socket);
    const outcome = login?.acceptor.authenticate(token);
    settings.logins.push(
      `${outcome?.user ?? "?"} ${outcome?.kind === "accepted" ? "accepted" : (outcome?.reason ?? "out-of-order")}`,
    );
    if (login === undefined || outcome?.kind !== "accepted") {
      end(response, 401, { "www-authenticate": "Negotiate" });
      return;
    }
    login.user = outcome.user;
    if (body.length === 0) {
      end(response, 200);
      return;
    }
    answerMessage(response, login, login.user, body);
  }

  function answerMessage(response: ServerResponse, { acceptor }: Login, user: string, body: Buffer): void {
    const asked = tls === undefined ? open(body, acceptor) : body.toString("utf8");
    const answered = settings.denied.includes(user)
      ? fault("w:AccessDenied", "Access is denied.")
      : reply(asked);
    const status = answered.includes("<s:Fault>") ? 500 : 200;
    const sealed =
      tls === undefined ? seal(answered, acceptor) : { type: MESSAGE, body: Buffer.from(answered, "utf8") };
    end(response, status, { "content-type": sealed.type }, sealed.body);
  }

  function reply(asked: string): string {
    const query = /<w:Filter[^>]*>([^<]*)<\/w:Filter>/.exec(asked)?.[1];
    if (query !== undefined) {
      const found = answerQuery(unescaped(query), settings.computer);
      if (found.kind === "refused") return fault("w:InvalidParameter", "The query is not valid.");
      return page("EnumerateResponse", found.className, [...found.rows]);
    }
    const context = /<n:EnumerationContext>([^<]*)</.exec(asked)?.[1] ?? "";
    const rest = waiting.get(context);
    waiting.delete(context);
    if (rest === undefined) return fault("n:InvalidEnumerationContext", "There is no such enumeration.");
    return page("PullResponse", rest.className, rest.rows);
  }

  function page(element: string, className: string, rows: Row[]): string {
    const now = rows.splice(0, ROWS_AT_ONCE);
    const context = `c${waiting.size + 1}-${className}`;
    if (rows.length > 0) waiting.set(context, { className, rows });
    const items = now.map((row) => `<w:XmlFragment>${columnsOf(row)}</w:XmlFragment>`).join("");
    const isPull = element === "PullResponse";
    const list = isPull ? `<n:Items>${items}</n:Items>` : `<w:Items>${items}</w:Items>`;
    const last = isPull ? "<n:EndOfSequence/>" : "<w:EndOfSequence/>";
    const more = rows.length > 0 ? context : "";
    return envelope(
      `<n:${element}><n:EnumerationContext>${more}</n:EnumerationContext>${list}${rows.length > 0 ? "" : last}</n:${element}>`,
      className,
    );
  }

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(settings.port, settings.host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A path becomes the reference that WinRM writes. */
function columnsOf(row: Row): string {
  return Object.entries(row)
    .map(([name, value]) => {
      if (value === null) return `<p:${name} xsi:nil="true"/>`;
      const path = typeof value === "string" ? /^\\\\\.\\root\\cimv2:(\w+)\.(.+)$/.exec(value) : null;
      if (path === null) return `<p:${name}>${escaped(String(value))}</p:${name}>`;
      const selectors = [...(path[2] ?? "").matchAll(/(\w+)="([^"]*)"/g)]
        .map(([, key, of]) => `<w:Selector Name="${key}">${escaped(of ?? "")}</w:Selector>`)
        .join("");
      return (
        `<p:${name}><a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address>` +
        `<a:ReferenceParameters><w:ResourceURI>http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/${path[1]}</w:ResourceURI>` +
        `<w:SelectorSet>${selectors}</w:SelectorSet></a:ReferenceParameters></p:${name}>`
      );
    })
    .join("");
}

function envelope(body: string, className: string): string {
  return (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" ' +
    'xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" ' +
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ' +
    `xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/${className}">` +
    `<s:Header/><s:Body>${body}</s:Body></s:Envelope>`
  );
}

function fault(code: string, reason: string): string {
  return envelope(
    `<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>${code}</s:Value></s:Subcode></s:Code>` +
      `<s:Reason><s:Text xml:lang="en-US">${reason}</s:Text></s:Reason></s:Fault>`,
    "none",
  );
}

/** Opens a message by fixed places: only well-formed ones come from the peers of a test. */
function open(body: Buffer, acceptor: NtlmAcceptor): string {
  const marker = "application/octet-stream\r\n";
  const at = body.indexOf(marker) + marker.length;
  const end = body.lastIndexOf("--Encrypted Boundary");
  const tokenBytes = body.readUInt32LE(at);
  const token = body.subarray(at + 4, at + 4 + tokenBytes);
  const message = Buffer.from(body.subarray(at + 4 + tokenBytes, end));
  acceptor.unseal({ header: EMPTY, body: message, trailer: EMPTY }, token);
  return message.toString("utf8");
}

function seal(text: string, acceptor: NtlmAcceptor): { readonly type: string; readonly body: Buffer } {
  const body = Buffer.from(text, "utf8");
  const length = body.length;
  const token = acceptor.seal({ header: EMPTY, body, trailer: EMPTY });
  const tokenLength = Buffer.alloc(4);
  tokenLength.writeUInt32LE(token.length);
  const protocol = "application/HTTP-SPNEGO-session-encrypted";
  return {
    type: `multipart/encrypted;protocol="${protocol}";boundary="Encrypted Boundary"`,
    body: Buffer.concat([
      Buffer.from(
        `--Encrypted Boundary\r\n\tContent-Type: ${protocol}\r\n\tOriginalContent: type=${MESSAGE};Length=${length}\r\n` +
          "--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n",
      ),
      tokenLength,
      token,
      body,
      Buffer.from("--Encrypted Boundary--\r\n"),
    ]),
  };
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    if (!Buffer.isBuffer(part)) continue;
    bytes += part.length;
    if (bytes > REQUEST_BYTES_MAX) throw new Error("a request that is too long");
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function end(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body: Buffer = Buffer.alloc(0),
): void {
  response.writeHead(status, { ...headers, "content-length": String(body.length) });
  response.end(body);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function unescaped(text: string): string {
  return text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&");
}
