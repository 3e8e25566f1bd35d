import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { verifyChain } from "./verify-chain.ts";

const USAGE = `Checks the chain of an exported Rollcall audit log (one JSON object a line).

  node tools/audit-verify/src/main.ts FILE [--anchor HASH] [--part]

  FILE           the export; - reads standard input
  --anchor HASH  hash of an entry noted elsewhere (64 hexadecimal digits): finds a cut tail and a rewritten chain
  --part         FILE is a part of a chain and may begin at any number

Exit code: 0 the chain holds; 1 it does not, or the file is no such export; 2 wrong usage; 3 the file cannot be read.`;

const MAX_SHOWN = 50;

function usageFault(sentence: string): never {
  console.error(`${sentence}\n\n${USAGE}`);
  process.exit(2);
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        anchor: { type: "string" },
        part: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    return usageFault(error instanceof Error ? error.message : String(error));
  }
}

const { values, positionals } = readArguments();
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const [file] = positionals;
if (file === undefined || positionals.length > 1) usageFault("Name one file.");
if (values.anchor !== undefined && !/^[0-9a-f]{64}$/i.test(values.anchor))
  usageFault("An anchor is 64 hexadecimal digits.");

const input = file === "-" ? process.stdin : createReadStream(file);
try {
  // A stream's error does not reach a reader of its lines: it is waited for beside them.
  const unreadable = new Promise<never>((_resolve, reject) => {
    input.once("error", reject);
  });
  const verdict = await Promise.race([
    verifyChain(createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }), {
      ...(values.anchor === undefined ? {} : { anchor: values.anchor.toLowerCase() }),
      mayStartAnywhere: values.part,
    }),
    unreadable,
  ]);
  for (const { line, message } of verdict.findings.slice(0, MAX_SHOWN))
    console.log(line === 0 ? `${file}: ${message}` : `${file}:${line}: ${message}`);
  if (verdict.findings.length > MAX_SHOWN) console.log(`… and ${verdict.findings.length - MAX_SHOWN} more`);
  const range = verdict.firstN === null ? "" : `, numbers ${verdict.firstN} to ${verdict.lastN}`;
  console.log(`${verdict.entries} entries${range}; details erased: ${verdict.erased}`);
  if (verdict.findings.length > 0) {
    console.log(
      `NOT intact: ${verdict.findings.length} ${verdict.findings.length === 1 ? "finding" : "findings"}`,
    );
    process.exit(1);
  }
  console.log(`intact${values.anchor === undefined ? "" : ", and the anchor is in it"}`);
  console.log(`last hash: ${verdict.lastHash}`);
  if (values.anchor === undefined)
    console.log("Without --anchor a cut end cannot be seen. Note the last hash somewhere else.");
} catch (error) {
  console.error(`${file}: cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(3);
}
