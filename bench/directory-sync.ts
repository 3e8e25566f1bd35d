import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createDirectoryReader, type DirectoryReader, PrincipalBook } from "@rollcall/collectors/directory";
import { aLogon } from "@rollcall/identity-core/testing";
import { silentLogger } from "@rollcall/observability";
import { createGroupCommit } from "../apps/edge-agent/src/pipeline/group-commit.ts";
import { TableKeeper } from "../apps/edge-agent/src/pipeline/table-keeper.ts";
import { pump } from "../apps/edge-agent/src/sources/source-pump.ts";
import { openStore } from "../apps/edge-agent/src/state/open-store.ts";
import { systemClock } from "../apps/edge-agent/src/supervisor/clock.ts";
import { type Lab, startLab } from "../infra/lab/lab.ts";
import { type Figure, figureLine, type Measured, median, say } from "./figure.ts";

/** Users of the lab. A directory of 50,000 takes two minutes to make, once: ROLLCALL_BENCH_USERS=50000. */
const USERS = Number(process.env.ROLLCALL_BENCH_USERS ?? "2000");
const CHANGES = 20;
const WAIT_MS_MAX = 300_000;
/** 40 s from the directory to the firewall, less 30 s until the next turn and 5 s until the firewall asks. */
const CHANGE_LIMIT_MS = 5000;
/** The same objects and the same attributes that the reader asks for. */
const FILTER =
  "(|(sAMAccountType=805306368)(sAMAccountType=805306369)(sAMAccountType=268435456)(sAMAccountType=268435457)(sAMAccountType=536870912)(sAMAccountType=536870913))";
const ATTRIBUTES = [
  "objectClass",
  "objectGUID",
  "objectSid",
  "sAMAccountName",
  "sAMAccountType",
  "userPrincipalName",
  "displayName",
  "userAccountControl",
  "msDS-User-Account-Control-Computed",
  "accountExpires",
  "primaryGroupID",
  "dNSHostName",
  "operatingSystem",
  "operatingSystemVersion",
  "groupType",
  "member",
];

/** How fast a directory is read for the first time, and how soon a change of it is in the table. */
export const directorySync: Figure = {
  name: "directory-sync",
  what: `a Samba directory of ${USERS} users read, nested groups computed, everybody in the agent's table and on its disk, entries/s (limit: ldapsearch, the same query of the same server, printing nothing); and a membership changed -> the session has it, ms beside the wait for its turn (limit: what 40 s to the firewall leave)`,
  async measure({ rounds }) {
    const started = await startLab({
      state: path.join(tmpdir(), "rollcall-lab", `bench-${USERS}`),
      address: "127.0.0.61",
      users: USERS,
    });
    if (started.kind === "absent") return { kind: "missing", sentence: started.reason };
    const { lab } = started;
    try {
      const ours: number[] = [];
      const theirs: number[] = [];
      const latencies: number[] = [];
      for (let round = 1; round <= rounds; round++) {
        theirs.push(ldapsearchPerSecond(lab));
        const measured = await readOnce(lab, round === rounds);
        ours.push(measured.entriesPerSecond);
        latencies.push(...measured.latenciesMs);
        say(
          `  round ${round}: read ${Math.round(ours.at(-1) ?? 0)}/s, ldapsearch ${Math.round(theirs.at(-1) ?? 0)}/s`,
        );
      }
      const sorted = latencies.toSorted((a, b) => a - b);
      say(`  a change: median ${Math.round(median(sorted))} ms, of ${sorted.length}`);
      const figures: readonly Measured[] = [
        figureLine("directory-first-sync", "entries/s", median(ours), median(theirs)),
        figureLine(
          "directory-change",
          "ms (p95)",
          sorted[Math.floor(sorted.length * 0.95)] ?? Number.NaN,
          CHANGE_LIMIT_MS,
        ),
      ];
      return figures;
    } finally {
      await lab.stop();
    }
  },
};

function ldapsearchPerSecond(lab: Lab): number {
  const began = performance.now();
  const search = ["-x", "-LLL", "-o", "ldif-wrap=no", "-E", "pr=1000/noprompt"];
  const who = ["-H", `ldaps://${lab.address}`, "-D", lab.readerUpn, "-w", lab.password, "-b", lab.baseDn];
  const { status, stdout } = spawnSync("ldapsearch", [...search, ...who, FILTER, ...ATTRIBUTES], {
    env: { ...process.env, LDAPTLS_CACERT: lab.caFile },
    maxBuffer: 2 ** 30,
  });
  if (status !== 0) throw new Error(`ldapsearch ended with ${status}`);
  const elapsedMs = performance.now() - began;
  const entries = stdout.toString("latin1").split("\ndn:").length;
  return entries / (elapsedMs / 1000);
}

/** Reads the directory as a whole agent does, and changes memberships of somebody who has a session. */
async function readOnce(lab: Lab, withChanges: boolean) {
  const folder = mkdtempSync(path.join(tmpdir(), "rollcall-bench-directory-"));
  const keeper = new TableKeeper(openStore(path.join(folder, "store.db"), Date.now()).store, {
    issuer: "00112233445566aa",
    now: Date.now,
    log: silentLogger,
  });
  const deps = { keeper, clock: systemClock, random: Math.random, log: silentLogger };
  const commits = createGroupCommit({ ...deps, reopen: () => undefined });
  const reader = createDirectoryReader({
    config: {
      id: "bench",
      name: "Bench",
      host: lab.address,
      servers: [],
      bind: "simple",
      port: 636,
      tls: "ldaps",
      caPem: lab.caPem,
      dangerouslyTrustAnyCertificate: false,
      pollSeconds: 3600,
      pageSize: 1000,
      maxQueriesPerSecond: 1000,
    },
    login: {
      withheld: async () => null,
      attempt: (logIn, ending) =>
        logIn(
          { user: lab.readerUpn, password: lab.password, realm: null, kdcs: [], allowNtlm: false },
          ending,
        ),
      untilUsable: async () => undefined,
    },
    now: Date.now,
    log: silentLogger,
    book: new PrincipalBook(),
  });
  const source = pump(reader, { ...deps, commits });
  const signal = new AbortController().signal;
  await commits.start(signal);
  const began = performance.now();
  await source.start(signal);
  try {
    await until(() => reader.health()[0]?.state === "ok" && keeper.directorySize >= USERS);
    const elapsedMs = performance.now() - began;
    const entries = reader.health()[0]?.counters.entriesRead ?? 0;
    const latenciesMs = withChanges ? await changeMany(lab, keeper, reader, commits) : [];
    return { entriesPerSecond: entries / (elapsedMs / 1000), latenciesMs };
  } finally {
    await source.stop();
    await commits.stop();
    keeper.store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function changeMany(
  lab: Lab,
  keeper: TableKeeper,
  reader: DirectoryReader,
  commits: ReturnType<typeof createGroupCommit>,
): Promise<number[]> {
  const logon = aLogon({ user: "u000001", domain: lab.domain, ip: "10.1.2.3", at: Date.now() });
  await commits.submit({ observations: [logon], facts: [], bookmark: null, origin: "site" });
  const groups = () => keeper.table.entryOf(logon.addressSpaceId, logon.ip)?.user?.groups ?? [];
  const latencies: number[] = [];
  // What an earlier run left behind.
  await lab.removeFromGroup("u000001", "GG-Empty").catch(() => undefined);
  for (let change = 0; change < CHANGES; change++) {
    const isIn = change % 2 === 0;
    if (isIn) await lab.addToGroup("u000001", "GG-Empty");
    else await lab.removeFromGroup("u000001", "GG-Empty");
    const began = performance.now();
    reader.refresh();
    await until(() => groups().includes("GG-Empty") === isIn);
    latencies.push(performance.now() - began);
  }
  return latencies;
}

async function until(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + WAIT_MS_MAX;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error("it did not come about in five minutes");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
