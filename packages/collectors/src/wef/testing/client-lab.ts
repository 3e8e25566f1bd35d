import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A pair of files. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** Certificates made by openssl, requests made by curl: neither shares code with what is tested. */
export class ClientLab {
  readonly folder: string;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.folder = folder;
  }

  async authority(name: string): Promise<KeyPair> {
    const pair = this.#pair(name);
    await this.#openssl([
      ...["req", "-x509", ...newKey(pair), "-out", pair.certificate, "-days", "30", "-subj", `/CN=${name}`],
      ...["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"],
    ]);
    return pair;
  }

  /** `san` as openssl writes it (`DNS:pc7.corp.example`, or `@names` with a section in `more`); only a common name where absent. */
  async certificate(
    authority: KeyPair,
    options: {
      readonly file: string;
      readonly commonName: string;
      readonly san?: string;
      readonly more?: string;
      readonly purpose?: "clientAuth" | "serverAuth";
      readonly isAuthority?: boolean;
    },
  ): Promise<KeyPair> {
    const pair = this.#pair(options.file);
    const request = path.join(this.folder, `${options.file}.csr`);
    await this.#openssl([
      "req",
      "-new",
      ...newKey(pair),
      "-subj",
      `/CN=${options.commonName}`,
      "-out",
      request,
    ]);
    const extensions = path.join(this.folder, `${options.file}.ext`);
    writeFileSync(
      extensions,
      [
        `basicConstraints=critical,CA:${options.isAuthority === true ? "TRUE" : "FALSE"}`,
        options.isAuthority === true ? "" : `extendedKeyUsage=${options.purpose ?? "clientAuth"}`,
        options.san === undefined ? "" : `subjectAltName=${options.san}`,
        options.more ?? "",
      ].join("\n"),
    );
    await this.#openssl([
      ...["x509", "-req", "-in", request, "-CA", authority.certificate, "-CAkey", authority.key],
      ...[
        "-set_serial",
        `0x01${randomBytes(15).toString("hex")}`,
        "-extfile",
        extensions,
        "-out",
        pair.certificate,
      ],
      ...["-days", "30"],
    ]);
    return pair;
  }

  /** SHA-1, as openssl prints it. */
  async fingerprint({ certificate }: KeyPair): Promise<string> {
    const { stdout } = await run("openssl", ["x509", "-in", certificate, "-noout", "-sha1", "-fingerprint"]);
    return stdout.trim().split("=")[1] ?? "";
  }

  text(file: string): string {
    return readFileSync(file, "utf8");
  }

  /** One POST of curl: its status (0: no answer) and the body. */
  async post(request: {
    readonly url: string;
    readonly ca: string;
    readonly client?: KeyPair;
    readonly body: Uint8Array | string;
    readonly headers?: readonly string[];
    readonly more?: readonly string[];
  }): Promise<{ readonly status: number; readonly body: Buffer; readonly fault: string }> {
    const id = `${Date.now()}-${Math.random()}`;
    const [sent, got] = [path.join(this.folder, `sent-${id}`), path.join(this.folder, `got-${id}`)];
    writeFileSync(sent, request.body);
    writeFileSync(got, "");
    const { client, headers = [], more = [] } = request;
    const result = await run("curl", [
      ...["-sS", "--cacert", request.ca, "--data-binary", `@${sent}`, "-o", got, "-w", "%{http_code}"],
      ...(client === undefined ? [] : ["--cert", client.certificate, "--key", client.key]),
      ...headers.flatMap((header) => ["-H", header]),
      ...["-m", "20", ...more, request.url],
    ]).then(
      ({ stdout }) => ({ stdout, stderr: "" }),
      (error: { stdout?: string; stderr?: string }) => ({
        stdout: error.stdout ?? "0",
        stderr: error.stderr ?? "failed",
      }),
    );
    return { status: Number(result.stdout), body: readFileSync(got), fault: result.stderr };
  }

  #pair(name: string): KeyPair {
    return { certificate: path.join(this.folder, `${name}.pem`), key: path.join(this.folder, `${name}.key`) };
  }

  async #openssl(args: readonly string[]): Promise<void> {
    await run("openssl", args);
  }
}

function newKey(pair: KeyPair): string[] {
  return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", pair.key];
}
