import { createReadStream, createWriteStream, openSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import type { Readable, Writable } from "node:stream";
import type { Environment } from "../config.ts";
import { wantsColour } from "../config.ts";

export type Tint = "good" | "warn" | "bad" | "dim" | "bold";

const CODES: Readonly<Record<Tint, readonly [number, number]>> = {
  good: [32, 39],
  warn: [33, 39],
  bad: [31, 39],
  dim: [2, 22],
  bold: [1, 22],
};

/** Where a command speaks: data to standard output, talk to standard error. */
export interface Terminal {
  /** Data: what a script wants to read. */
  data(text: string): void;
  /** Talk: progress, questions, faults. */
  talk(text: string): void;
  /** Colours a piece of data, or of talk; leaves it as it is where no colour is wanted. */
  tint(text: string, tint: Tint, stream?: "data" | "talk"): string;
  readonly isInteractive: boolean;
  /** One line beside the data that the next one replaces; "" takes it away. Nothing where standard error is no terminal. */
  progress(text: string): void;
  readonly showsProgress: boolean;
  /** Asks a person for yes or no. Null where nobody can be asked. */
  confirm(question: string): Promise<boolean | null>;
  readStdin(maxBytes: number): Promise<Buffer>;
}

export interface TerminalOptions {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly environment: Environment;
  /** False with --no-input. */
  readonly mayAsk: boolean;
  /** False with --no-color. */
  readonly mayColour: boolean;
}

export function createTerminal(options: TerminalOptions): Terminal {
  const { stdin, stdout, stderr, environment } = options;
  const colour = {
    data: options.mayColour && wantsColour(environment, stdout.isTTY === true),
    talk: options.mayColour && wantsColour(environment, stderr.isTTY === true),
  };
  const showsProgress = stderr.isTTY === true && environment.TERM !== "dumb";
  let progress = "";
  const replaceProgress = (text: string): void => {
    if (!showsProgress || text === progress) return;
    stderr.write(`${progress === "" ? "" : "\r\u001b[K"}${text}`);
    progress = text;
  };
  const lineOf = (text: string) => (text.endsWith("\n") ? text : `${text}\n`);
  return {
    // Both may be one and the same terminal: a line of progress that stood there would be written into.
    data(text) {
      replaceProgress("");
      stdout.write(lineOf(text));
    },
    talk(text) {
      replaceProgress("");
      stderr.write(lineOf(text));
    },
    progress: replaceProgress,
    showsProgress,
    tint(text, tint, stream = "data") {
      if (!colour[stream]) return text;
      const [open, close] = CODES[tint];
      return `\u001b[${open}m${text}\u001b[${close}m`;
    },
    isInteractive: stdout.isTTY === true,
    async confirm(question) {
      if (!options.mayAsk) return null;
      const ask = stdin.isTTY === true ? { input: stdin, output: stderr } : controllingTerminal();
      if (ask === null) return null;
      const reader = createInterface(ask);
      const interrupted = new AbortController();
      reader.on("SIGINT", () => interrupted.abort());
      reader.on("close", () => interrupted.abort());
      try {
        const answer = await reader.question(`${question} [y/N] `, { signal: interrupted.signal });
        return /^(y|yes)$/i.test(answer.trim());
      } catch (error) {
        // Ctrl-C, or the terminal went away: that is a no.
        if (interrupted.signal.aborted) return false;
        throw error;
      } finally {
        reader.close();
        if (ask.input !== stdin) ask.input.destroy();
      }
    },
    async readStdin(maxBytes) {
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of stdin) {
        const bytes = Buffer.from(chunk);
        chunks.push(bytes);
        size += bytes.length;
        // One byte too many is kept, so that the reader can tell "too large" from "just fits".
        if (size > maxBytes) break;
      }
      return Buffer.concat(chunks).subarray(0, maxBytes + 1);
    },
  };
}

/** The terminal behind a pipe: `… | rollcall-agent enroll --stdin` can still ask the person who typed it. */
function controllingTerminal(): { readonly input: Readable; readonly output: Writable } | null {
  if (process.platform === "win32") return null;
  try {
    const descriptor = openSync("/dev/tty", "r+");
    return {
      input: createReadStream("", { fd: descriptor, autoClose: false }),
      output: createWriteStream("", { fd: descriptor, autoClose: true }),
    };
  } catch {
    return null;
  }
}

/** Text from elsewhere as it may be shown: nothing in it moves the cursor, hides text or starts a line of its own. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\uFFFD");
}
