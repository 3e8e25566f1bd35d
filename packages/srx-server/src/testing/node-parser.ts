import { createRequire } from "node:module";

/** The parser under Node's HTTP server (llhttp), as Node's own JavaScript uses it. Not a public interface: for comparison only. */
interface RawParser {
  initialize(kind: number, resource: object, maxHeaderSize: number, lenient: number): void;
  execute(bytes: Buffer): number | Error;
  [callback: number]: (...args: never[]) => unknown;
}
interface RawParserClass {
  new (): RawParser;
  readonly REQUEST: number;
  readonly kLenientNone: number;
  readonly kOnHeaders: number;
  readonly kOnHeadersComplete: number;
  readonly kOnBody: number;
  readonly kOnMessageComplete: number;
}
interface NodeHttpCommon {
  readonly HTTPParser: RawParserClass;
  readonly methods: readonly string[];
}

export interface ParsedRequest {
  readonly method: string;
  readonly url: string;
  /** Name, value, name, value, as they were sent. */
  readonly rawHeaders: readonly string[];
  readonly isHttp11: boolean;
  readonly keepAlive: boolean;
  /** It asks for another protocol: what follows is not HTTP any more in llhttp's eyes. */
  readonly isUpgrade: boolean;
  body: string;
  isWhole: boolean;
}

const { HTTPParser, methods } = createRequire(import.meta.url)("_http_common") as NodeHttpCommon;

/** Everything that llhttp reads in these bytes, up to what it refuses. */
export function parseWithNode(pieces: readonly Buffer[], headBytesMax: number): readonly ParsedRequest[] {
  const requests: ParsedRequest[] = [];
  const parser = new HTTPParser();
  let early: string[] = [];
  let earlyUrl = "";
  let chunks: Buffer[] = [];
  parser.initialize(HTTPParser.REQUEST, {}, headBytesMax, HTTPParser.kLenientNone);
  // Called before the end of the head where there are many lines, or bytes come in pieces.
  parser[HTTPParser.kOnHeaders] = (headers: string[], url: string) => {
    early = [...early, ...headers];
    earlyUrl += url;
  };
  parser[HTTPParser.kOnHeadersComplete] = (
    major: number,
    minor: number,
    headers: string[] | undefined,
    method: number,
    url: string | undefined,
    _status: number,
    _reason: string,
    isUpgrade: boolean,
    keepAlive: boolean,
  ) => {
    const isHttp11 = major === 1 && minor === 1;
    const rawHeaders = headers ?? early;
    const path = url ?? earlyUrl;
    requests.push({
      method: methods[method] ?? "",
      url: path,
      rawHeaders,
      isHttp11,
      keepAlive,
      isUpgrade,
      body: "",
      isWhole: false,
    });
    early = [];
    earlyUrl = "";
    chunks = [];
    return 0;
  };
  parser[HTTPParser.kOnBody] = (bytes: Buffer) => chunks.push(Buffer.from(bytes));
  parser[HTTPParser.kOnMessageComplete] = () => {
    const last = requests.at(-1);
    if (last === undefined) return;
    last.body = Buffer.concat(chunks).toString("utf8");
    last.isWhole = true;
  };
  for (const piece of pieces) {
    if (typeof parser.execute(piece) !== "number") break;
    // Where another protocol would begin, Node's server goes on only if nobody takes it up; not compared.
    if (requests.some(({ isUpgrade, isWhole }) => isUpgrade && isWhole)) break;
  }
  return requests.filter(({ isWhole }) => isWhole);
}
