import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import path from "node:path";
import { createIpSet } from "@rollcall/identity-core";
import { silentLogger } from "@rollcall/observability";
import { builtInProfiles, readProfileText } from "@rollcall/srx-protocol";
import { checkProfile } from "@rollcall/srx-protocol/recording";
import { aliceAtDesk, anEntry, anEntryUser, bobLeft, kioskAlone } from "@rollcall/srx-protocol/testing";
import { aPoint, startHarness, testIdentity } from "@rollcall/srx-server/testing";
import { withTempDir } from "@rollcall/testkit";
import { Agent, request } from "undici";
import { describe, expect, it } from "vitest";
import { runAgent } from "../testing/cli-lab.ts";
import { createRecorder } from "./recorder.ts";
import { openRecordingFolder, readRecording } from "./recording-folder.ts";
import { createRelay, type Relay } from "./relay.ts";
import { readUpstream } from "./upstream.ts";

const SIMULATOR = path.resolve(import.meta.dirname, "../../../../tools/srx-simulator/src/main.ts");

interface Lab {
  readonly relay: Relay;
  readonly port: number;
  readonly folder: string;
  /** Stops the relay and gives what lies in the folder. */
  end(): Promise<string>;
}

async function withRelay(
  upstream: string,
  work: (lab: Lab) => Promise<void>,
  over: {
    readonly tls?: { readonly certPem: string; readonly keyPem: string };
    readonly from?: string;
    readonly ca?: string;
  } = {},
): Promise<void> {
  await withTempDir(async (parent) => {
    const name = path.join(parent, "recording");
    const folder = openRecordingFolder(name, "a test\n");
    const recorder = createRecorder({ folder, keepWords: [], now: Date.now, log: silentLogger });
    const target = readUpstream(upstream, null, false);
    const relay = createRelay({
      listen: { host: "127.0.0.1", port: 0 },
      upstream: over.ca === undefined ? target : { ...target, ca: over.ca },
      from: createIpSet([over.from ?? "127.0.0.1"]),
      tls: over.tls ?? null,
      recorder,
      log: silentLogger,
    });
    await relay.start();
    try {
      await work({
        relay,
        port: relay.address?.port ?? 0,
        folder: name,
        async end() {
          await relay.stop();
          await recorder.settle();
          await folder.settle();
          return contentOf(name);
        },
      });
    } finally {
      await relay.stop();
    }
  });
}

function contentOf(folder: string): string {
  return readdirSync(folder)
    .map((file) => readFileSync(path.join(folder, file), "utf8"))
    .join("\n");
}

/** A server that says what it was told to say, whatever comes, and keeps what came. */
async function withWireServer(
  answers: readonly (string | Buffer)[],
  work: (url: string, heard: () => Buffer, server: Server) => Promise<void>,
): Promise<void> {
  const pieces: Buffer[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (piece: Buffer) => pieces.push(piece));
    socket.once("data", () => {
      for (const answer of answers) socket.write(answer);
    });
    // It answers the end of the questions with the end of its answers, and not before.
    socket.on("end", () => socket.end("last words"));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await work(
      `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      () => Buffer.concat(pieces),
      server,
    );
  } finally {
    server.close();
  }
}

/** Sends pieces, ends its half, and gives everything that comes back until the other side ends. */
async function exchange(port: number, pieces: readonly (string | Buffer)[]): Promise<Buffer> {
  const socket: Socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
  const back: Buffer[] = [];
  socket.on("data", (piece: Buffer) => back.push(piece));
  const ended = once(socket, "end");
  for (const piece of pieces) if (!socket.write(piece)) await once(socket, "drain");
  socket.end();
  await ended;
  return Buffer.concat(back);
}

describe("what passes through the relay", () => {
  const oddRequests = [
    "get /odd?%zz HTTP/1.0\r\nhOsT:x\r\nX-Twice: 1\r\nx-twice:2\r\n\r\n",
    "BREW /pot HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4;ext=1\r\nte",
    "st\r\n0\r\nTrailer-One: v\r\n\r\nPOST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc",
  ];
  const oddAnswers = [
    "HTTP/1.1 200 Quite Fine, thanks\r\nSET-cookie: a=b\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX: y\r\n\r\n",
    "HTTP/1.1 299\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n\r\nuntil the end, ",
  ];

  it("is every byte of both sides, in order: odd methods, header case, chunks, trailers, pipelining, half closes", () =>
    withWireServer(oddAnswers, (url, heard) =>
      withRelay(url, async ({ port, end }) => {
        const back = await exchange(port, oddRequests);
        expect(back.toString()).toBe(`${oddAnswers.join("")}last words`);
        expect(heard().toString()).toBe(oddRequests.join(""));
        expect(await end()).toContain("BREW /");
      }),
    ));

  it("is every byte also when it is no HTTP at all, and says that it was not recorded", () =>
    withWireServer([Buffer.from([0x16, 3, 1, 0, 255])], (url, heard) =>
      withRelay(url, async ({ port, folder, end }) => {
        const noise = Buffer.from(Array.from({ length: 200_000 }, (_, at) => (at * 7919) % 256));
        const back = await exchange(port, [noise]);
        expect(heard().equals(noise)).toBe(true);
        expect(back.subarray(0, 5)).toEqual(Buffer.from([0x16, 3, 1, 0, 255]));
        await end();
        expect(readdirSync(folder)).toEqual(["README.md"]);
      }),
    ));

  it("is also a body too large to be recorded, of which a note stays", () => {
    const large = Buffer.alloc(12 * 1024 * 1024, "x");
    return withWireServer(
      ["HTTP/1.1 200 OK\r\nContent-Length: ", String(large.length), "\r\n\r\n", large],
      (url) =>
        withRelay(url, async ({ port, end }) => {
          const back = await exchange(port, ["GET /user_query/v2/users/endpoints HTTP/1.1\r\n\r\n"]);
          expect(back.length).toBeGreaterThan(large.length);
          expect(await end()).toContain(
            `${large.length} bytes, not written down: it is longer than what is kept`,
          );
        }),
    );
  });

  it("is nothing of an address that is not listed", () =>
    withWireServer(["HTTP/1.1 200 OK\r\n\r\n"], (url, heard) =>
      withRelay(
        url,
        async ({ port, relay }) => {
          const socket = connect({ host: "127.0.0.1", port });
          socket.on("error", () => undefined);
          socket.write("GET / HTTP/1.1\r\n\r\n");
          await once(socket, "close");
          expect(heard()).toHaveLength(0);
          expect(relay.counts).toMatchObject({ strangers: 1, connections: 0 });
        },
        { from: "192.0.2.7" },
      ),
    ));

  it("a server that cannot be reached costs the firewall its connection and nothing else", () =>
    withRelay("http://127.0.0.1:1", async ({ port, relay }) => {
      const socket = connect({ host: "127.0.0.1", port });
      socket.on("error", () => undefined);
      await once(socket, "close");
      expect(relay.counts).toMatchObject({ connections: 1, unreachable: 1, open: 0 });
    }));
});

const PEOPLE = [
  aliceAtDesk,
  kioskAlone,
  bobLeft,
  anEntry({
    ip: "10.44.55.66",
    user: anEntryUser({ name: "Quirin.O'Neil", domain: "klagenfurt.example", groups: ["Geheimrat"] }),
  }),
  anEntry({
    ip: "10.44.55.67",
    user: anEntryUser({ name: "svenja", domain: "klagenfurt.example", groups: [] }),
  }),
];
const SEEDED =
  /alice|desk-7|kiosk-3|bob\b|engineering|vpn-users|corp\.example|quirin|neil|klagenfurt|geheimrat|svenja|10\.44\.55|192\.0\.2\.(?:50|75|60)\b|srx-a\b|EXAMPLE(?!-SECRET)|workstations/i;

describe("a recording of our own listener", () => {
  it.each(builtInProfiles.map((profile) => [profile.id, profile] as const))(
    "%s: the profile concluded from it makes our encoder write the same bytes; nothing in the folder names anybody",
    async (id, spoken) => {
      const harness = await startHarness({ now: Date.now });
      const identity = await testIdentity();
      harness.points.setPoints([aPoint({ profile: spoken })]);
      // Times near to now: the recorder takes those of another year for numbers.
      for (const entry of PEOPLE) harness.source.tell({ ...entry, changedAt: Date.now() });
      try {
        await withRelay(
          `https://127.0.0.1:${harness.port}`,
          async ({ port, folder, end }) => {
            if (id === "json-superset") await simulate(port);
            await askAll(port, identity.caPem);
            const written = await end();
            expect(written).not.toMatch(SEEDED);
            const out = path.join(folder, "..", "profile.json");
            const run = await runAgent(["srx", "profile", folder, "-o", out]);
            expect(run).toMatchObject({ code: 0 });
            const reading = readProfileText(readFileSync(out, "utf8"));
            if (reading.kind === "refused") throw new Error(JSON.stringify(reading.faults));
            const check = checkProfile(readRecording(folder).pairs, reading.profile);
            expect(check.firstDifference).toBeNull();
            expect(check.equal).toBeGreaterThanOrEqual(4);

            const goldens = path.join(folder, "..", "goldens");
            expect(await runAgent(["srx", "goldens", folder, "-o", goldens])).toMatchObject({ code: 0 });
            expect(contentOf(goldens)).not.toMatch(SEEDED);
            for (const file of readdirSync(folder))
              expect(statSync(path.join(folder, file)).mode & 0o777).toBe(0o600);
            expect(statSync(folder).mode & 0o777).toBe(0o700);
          },
          { tls: identity, ca: identity.caPem },
        );
      } finally {
        await harness.stop();
      }
    },
  );
});

/** The simulator is a firewall that shares no code with us: its table must be right through the relay too. */
async function simulate(port: number): Promise<void> {
  const child = spawn(
    process.execPath,
    [
      SIMULATOR,
      "run",
      "--url",
      `https://127.0.0.1:${port}`,
      "--client-id",
      "srx-a",
      "--client-secret",
      "EXAMPLE",
      "--insecure",
      "--once",
      "-o",
      "json",
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let out = "";
  child.stdout.on("data", (piece) => {
    out += piece;
  });
  const [code] = await once(child, "exit");
  expect(code).toBe(0);
  expect(out).toContain("svenja");
}

/** A token, everything, what is new, one address that is known and one that is not. */
async function askAll(port: number, caPem: string): Promise<void> {
  const dispatcher = new Agent({ connect: { ca: caPem } });
  const base = `https://127.0.0.1:${port}`;
  const granted = await request(`${base}/oauth_token/oauth`, {
    dispatcher,
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: "grant_type=client_credentials&client_id=srx-a&client_secret=EXAMPLE",
  });
  const { access_token } = (await granted.body.json()) as { access_token: string };
  const get = async (target: string) => {
    const reply = await request(`${base}/user_query/v2/${target}`, {
      dispatcher,
      headers: { authorization: `Bearer ${access_token}` },
    });
    await reply.body.dump();
    return reply;
  };
  const first = await get("users/endpoints?begintime=0&entry_count=200");
  const cookie = /report=([^;]*)/.exec(String(first.headers["set-cookie"]))?.[1] ?? "";
  expect(cookie).not.toBe("");
  await get(`users/endpoints?cookie=${cookie}&entry_count=200`);
  await get("ip/10.44.55.66");
  await get("ip/10.99.99.99");
  await dispatcher.close();
}

describe("the command", () => {
  const flags = (parent: string, url: string, ...more: string[]): string[] => [
    "--state-dir",
    path.join(parent, "state"),
    "srx",
    "relay",
    "--listen",
    "127.0.0.1:0",
    "--upstream",
    url,
    "--from",
    "127.0.0.1",
    "--record",
    path.join(parent, "recording"),
    ...more,
  ];

  it("ends by itself when its time is up, with a banner in plain mode, and says what it has", () =>
    withWireServer([], (url) =>
      withTempDir(async (parent) => {
        const run = await runAgent(
          flags(parent, url, "--plain", "--for", "1s", "--consent", "Ada, by telephone"),
        );
        expect(run).toMatchObject({ code: 0, out: "" });
        expect(run.err).toContain("PLAIN HTTP: secrets and names cross the network unencrypted");
        expect(run.err).toContain("0 pairs in");
        expect(readFileSync(path.join(parent, "recording", "README.md"), "utf8")).toContain(
          "Consent: Ada, by telephone",
        );
      }),
    ));

  it("refuses a certificate that it cannot check, says why, and makes no folder", async () => {
    const harness = await startHarness();
    try {
      await withTempDir(async (parent) => {
        const run = await runAgent(flags(parent, `https://127.0.0.1:${harness.port}`));
        expect(run.code).toBe(1);
        expect(run.err).toMatch(
          /The certificate of 127\.0\.0\.1:\d+ comes from a CA that this machine does not know\./,
        );
        expect(run.err).toContain("--upstream-ca FILE");
        expect(readdirSync(parent)).toEqual([]);
      });
    } finally {
      await harness.stop();
    }
  });

  it.each([
    [["--for", "9h"], "longer than 8h"],
    [["--plain", "--for", "2h"], "longer than 60m"],
    [["--plain", "--from", "10.0.0.0/8"], "is more than one"],
    [["--from", "nobody"], "nobody is no address"],
    [["--cert", "a.pem"], "--cert and --key come together"],
    [["--upstream", "https://jims/path"], "is no server's address"],
  ])("is used wrongly with %s: says what to do, exit code 2", async (more, sentence) => {
    const run = await runAgent(flags("/nonexistent", "http://127.0.0.1:9", ...more));
    expect(run).toMatchObject({ code: 2 });
    expect(run.err).toContain(sentence);
  });

  it("is known to the shells", async () => {
    for (const shell of ["bash", "zsh", "fish"]) {
      const run = await runAgent(["completion", shell]);
      expect(run.out).toContain("relay");
      expect(run.out).toContain("goldens");
      expect(run.out).toContain("upstream-ca");
    }
  });
});
