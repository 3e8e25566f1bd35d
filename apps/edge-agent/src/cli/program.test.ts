import { writeFileSync } from "node:fs";
import path from "node:path";
import { verifySecret } from "@rollcall/pki";
import { freePort, withTempDir } from "@rollcall/testkit";
import { describe, expect, it } from "vitest";
import { runAgent } from "../testing/cli-lab.ts";
import { VERSION } from "../version.ts";
import { EXIT } from "./exit-codes.ts";

const good = "addressSpaces: [{ id: main, name: Main }]\n";

function withFile(text: string, work: (file: string) => Promise<void>): Promise<void> {
  return withTempDir(async (folder) => {
    const file = path.join(folder, "site.yaml");
    writeFileSync(file, text);
    await work(file);
  });
}

describe("rollcall-agent", () => {
  it("prints data on standard output and talk on standard error", async () => {
    expect(await runAgent(["version"])).toEqual({ code: 0, out: `${VERSION}\n`, err: "" });
  });

  it("explains its exit codes and shows examples in its help", async () => {
    const { code, out } = await runAgent(["--help"]);
    expect(code).toBe(0);
    for (const number of Object.values(EXIT)) expect(out).toMatch(new RegExp(`^ +${number}  `, "m"));
    expect(out).toContain("rollcall-agent enroll rollcall-onboarding-london.json");
  });

  it("guesses the command that was meant, and ends with the code for wrong use", async () => {
    const { code, err } = await runAgent(["stauts"]);
    expect([code, err]).toEqual([2, expect.stringContaining("Did you mean status?")]);
    expect((await runAgent(["run", "--confg", "x"])).err).toContain("Did you mean --config?");
    expect((await runAgent(["status", "-o", "xml"])).code).toBe(2);
  });

  it("says, with one sentence and its code, that nothing runs and nothing is enrolled", () =>
    withTempDir(async (folder) => {
      const port = await freePort();
      const state = ["--state-dir", path.join(folder, "s")];
      const status = await runAgent([...state, "status", "--status-listen", `127.0.0.1:${port}`]);
      expect([status.code, status.out, status.err]).toEqual([
        5,
        "",
        expect.stringContaining("This machine is not enrolled"),
      ]);
      const run = await runAgent([...state, "run"]);
      expect([run.code, run.err]).toEqual([5, expect.stringContaining("rollcall-agent enroll FILE")]);
      const who = await runAgent([...state, "who", "10.0.0.1"]);
      expect(who.code).toBe(6);
    }));

  it("colours only a terminal, and not against NO_COLOR or --no-color", async () => {
    const colourCode = "\u001b[";
    const coloured = async (argv: string[], options: Parameters<typeof runAgent>[1]) =>
      (await runAgent([...argv, "run", "--config", "/missing"], options)).err.includes(colourCode);
    expect(await coloured([], { isTerminal: true })).toBe(true);
    expect(await coloured([], { isTerminal: true, environment: { NO_COLOR: "1" } })).toBe(false);
    expect(await coloured(["--no-color"], { isTerminal: true })).toBe(false);
    expect(await coloured([], {})).toBe(false);
  });

  it("takes the state folder before and after the command", async () => {
    for (const argv of [
      ["--state-dir", "/x", "config", "show"],
      ["config", "show", "--state-dir", "/x"],
    ])
      expect((await runAgent(argv)).out).toContain("stateDir: /x  # flag");
  });

  it("prints completion for each shell, made of its own commands and options", async () => {
    for (const shell of ["bash", "zsh", "fish"]) {
      const { code, out } = await runAgent(["completion", shell]);
      expect(code).toBe(0);
      const commands = [
        "enroll",
        "explain",
        "shadow",
        "srx",
        "relay",
        "profile",
        "goldens",
        "validate",
        "new-secret",
      ];
      const options = [
        "firewall-listen",
        "plain-firewall-from",
        "legacy-listen",
        "keep-word",
        "export",
        "state-dir",
      ];
      for (const word of [...commands, ...options]) expect(out).toMatch(new RegExp(`[ '"-]${word}[ ':"]`));
      // What only the agent itself starts.
      expect(out).not.toContain("legacy-listener");
    }
    expect((await runAgent(["completion", "tcsh"])).code).toBe(2);
  });
});

describe("rollcall-agent config", () => {
  it("accepts a file that run would accept", () =>
    withFile(good, async (file) => {
      const run = await runAgent(["config", "validate", "--config", file]);
      expect([run.code, run.err]).toEqual([0, expect.stringContaining("is valid: 0 directories")]);
    }));

  it("says what a file holds, one of a kind as one", () =>
    withFile(
      `${good}credentials:
  - { id: reader, name: Reader, user: reader@corp.example, password: { file: reader } }
eventSources:
  - { id: dc1, name: DC-01, kind: domain-controller, host: dc1.corp.example, addressSpaceId: main, credentialId: reader }
pcProbe: { addressSpaceId: main }
filters:
  - { id: a, kind: ip-exclude, range: 10.0.0.1 }
  - { id: b, kind: ip-exclude, range: 10.0.0.2 }
`,
      async (file) => {
        writeFileSync(path.join(path.dirname(file), "reader"), "a password", { mode: 0o600 });
        const { err } = await runAgent(["config", "validate", "--config", file]);
        expect(err).toContain(
          "is valid: 0 directories, 1 credential, 1 event log, no receiver of forwarded events, a PC probe that is off, 0 syslog sources, 2 filters, 0 enforcement points, 0 own profiles, 0 address marks.",
        );
      },
    ));

  it("names an unknown key with its line and the key that was meant, in validate and in run alike", () =>
    withFile(`${good}syslogSource: []\n`, async (file) => {
      for (const command of [["config", "validate"], ["run"]]) {
        const { code, err } = await runAgent([...command, "--config", file]);
        expect([code, err]).toEqual([
          9,
          expect.stringContaining('syslogSource (line 2): is not a known key; did you mean "syslogSources"?'),
        ]);
      }
    }));

  it("tells every fault at once: of the schema together, and of sense together", () =>
    withFile(
      `${good}syslogSources:
  - id: vpn
    name: VPN
    senders: [10.0.0.300]
    addressSpaceId: mian
    timeZone: Europe/Zurigo
    sequences:
      - { id: a, ordinal: 1, kind: begin, trigger: "(?=x)", patterns: [{ attribute: user, pattern: "u" }, { attribute: ip, pattern: "i" }] }
filters:
  - { id: f, kind: ip-exclude, range: here }
  - { id: f, kind: principal-exclude, pattern: "(" }
enforcementPoints:
  - { id: p, name: P, clientId: fw1, addressSpaceIds: [main], verifiers: [plain-password] }
`,
      async (file) => {
        const { code, err } = await runAgent(["config", "validate", "--config", file]);
        expect(code).toBe(9);
        for (const words of [
          'senders[0]: "10.0.0.300" is no address',
          'there is no address space "mian"; known here: main',
          '"Europe/Zurigo" is no time zone',
          "sequences[0].trigger:",
          'filters[0].range: "here" is no address',
          'filters: the id "f" is used twice',
          "filters[1].pattern: the expression cannot be used",
          "verifiers[0]: is no verifier of a secret; make one with: rollcall-agent config new-secret",
        ])
          expect(err).toContain(words);
        expect(err).not.toContain("plain-password");
      },
    ));

  it("checks that a password file is there, holds something and is private", () =>
    withTempDir(async (folder) => {
      const file = path.join(folder, "site.yaml");
      const site = `${good}directories: [{ id: d, name: D, host: dc1, bindUser: u, bindPassword: { file: secret } }]\n`;
      writeFileSync(file, site);
      const validate = async () => (await runAgent(["config", "validate", "--config", file])).err;
      expect(await validate()).toMatch(/directories\[0\]\.bindPassword\.file: .*secret cannot be read/);
      writeFileSync(path.join(folder, "secret"), "", { mode: 0o600 });
      expect(await validate()).toContain("is empty");
      writeFileSync(path.join(folder, "open"), "x", { mode: 0o644 });
      writeFileSync(file, site.replace("file: secret", "file: open"));
      expect(await validate()).toContain("other users may read");
    }));

  it("shows each setting with its origin: flag over environment over file over default", () =>
    withFile(
      `${good}agent: { syslogListen: "127.0.0.9:1", firewallListen: "127.0.0.9:2", logLevel: debug }\n`,
      async (file) => {
        const { code, out } = await runAgent(["--state-dir", "/flag", "config", "show", "--config", file], {
          environment: { ROLLCALL_FIREWALL_LISTEN: "127.0.0.8:2", ROLLCALL_STATE_DIR: "/environment" },
        });
        expect(code).toBe(0);
        expect(out).toContain("stateDir: /flag  # flag");
        expect(out).toContain("firewallListen: 127.0.0.8:2  # environment");
        expect(out).toContain("syslogListen: 127.0.0.9:1  # file");
        expect(out).toContain("statusListen: 127.0.0.1:9443  # default");
      },
    ));

  it("tells faults of flags and environment at once, by the name they were given under", async () => {
    const { code, err } = await runAgent(["run", "--syslog-listen", "514"], {
      environment: { ROLLCALL_STATUS_LISTEN: "0.0.0.0:9443", ROLLCALL_MAX_SPOOL_BYTES: "lots" },
    });
    expect(code).toBe(9);
    expect(err).toContain("--syslog-listen: expected host:port");
    expect(err).toContain("ROLLCALL_STATUS_LISTEN: 0.0.0.0 is not a loopback address");
    expect(err).toContain("ROLLCALL_MAX_SPOOL_BYTES: expected a number of bytes");
  });

  it("makes a secret whose verifier it prints beside it", async () => {
    const { out } = await runAgent(["config", "new-secret"]);
    const [, secret = "", verifier = ""] = /secret: (\S+)\nverifier: (\S+)/.exec(out) ?? [];
    expect([secret.length, verifySecret(secret, verifier)]).toEqual([43, true]);
  });

  it("makes the verifier of a secret that somebody chose without showing it, and says why one is too weak", async () => {
    const chosen = "correct-Horse7!battery";
    const { code, out, err } = await runAgent(["config", "new-secret", "--stdin"], { stdin: `${chosen}\n` });
    const verifier = /^verifier: (\$argon2id\$\S+)\n$/.exec(out)?.[1] ?? "";
    expect([code, await verifySecret(chosen, verifier), `${out}${err}`.includes(chosen)]).toEqual([
      0,
      true,
      false,
    ]);
    const weak = await runAgent(["config", "new-secret", "--stdin"], { stdin: "hunter2\n" });
    expect([weak.code, weak.out]).toEqual([9, ""]);
    expect(weak.err).toContain("at least 16 characters");
    expect(weak.err).not.toContain("hunter2");
  });
});
