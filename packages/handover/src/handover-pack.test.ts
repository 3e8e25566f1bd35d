import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { Language, Parser } from "web-tree-sitter";
import type { HandoverInput } from "./handover-input.ts";
import { handoverPack } from "./handover-pack.ts";
import { openingsCsv } from "./openings.ts";
import { packNamesOf } from "./pack-names.ts";
import { quoted } from "./power-shell-text.ts";
import { aBareHandover, aHandover } from "./testing/index.ts";

// PowerShell itself cannot be had here. Its grammar can: tree-sitter-powershell, which is nobody's of this project.
let parser: Parser;

beforeAll(async () => {
  await Parser.init();
  const grammar = import.meta.resolve("tree-sitter-powershell/tree-sitter-powershell.wasm");
  parser = new Parser();
  parser.setLanguage(await Language.load(fileURLToPath(grammar)));
});

interface Node {
  readonly type: string;
  readonly text: string;
  readonly isError: boolean;
  readonly isMissing: boolean;
  readonly children: readonly (Node | null)[];
}

function nodesOf(script: string): Node[] {
  const tree = parser.parse(script.replace("\uFEFF", ""));
  if (tree === null) throw new Error("the parser gave no tree");
  const all: Node[] = [];
  const visit = (node: Node) => {
    all.push(node);
    for (const child of node.children) if (child !== null) visit(child);
  };
  visit(tree.rootNode);
  return all;
}
const faultsOf = (script: string) =>
  nodesOf(script)
    .filter(({ isError, isMissing }) => isError || isMissing)
    .map(({ text }) => text.slice(0, 200));
/** The commands that a script runs, by name: what a value must never add to. */
const commandsOf = (script: string) =>
  nodesOf(script)
    .filter(({ type }) => type === "command_name")
    .map(({ text }) => text)
    .sort();
const scriptsOf = (input: HandoverInput) =>
  handoverPack(input).files.filter(({ name }) => name.endsWith(".ps1"));

const HOSTILE = [
  "O'Brien",
  "'; Remove-ADUser krbtgt; '",
  "\u2019; Remove-ADUser krbtgt; \u2018",
  "\u201A\u201B'",
  "$(Remove-ADUser krbtgt)",
  '`$x" ; Remove-ADUser krbtgt #',
  "a\nRemove-ADUser krbtgt",
  "a\r\n#> Remove-ADUser krbtgt",
  "a\u2028Remove-ADUser krbtgt",
  "@'\n'@",
  "$" + "{env:PATH}",
  "-Confirm:$false",
];

/** Every text of the input is the hostile one, where the portal would let it through. */
function hostile(text: string): HandoverInput {
  const [account] = [
    text
      .replaceAll(/["/\\[\]:;|=,+*?<>@\p{Cc}]/gu, "")
      .trim()
      .slice(0, 20) || "x",
  ];
  const full = aHandover();
  return {
    ...full,
    customer: text,
    site: text,
    siteSlug: text,
    domain: text,
    agents: [{ name: text }],
    directories: full.directories.map((one) => ({ ...one, name: text, host: text, account })),
    eventSources: full.eventSources.map((one) => ({
      ...one,
      name: text,
      host: text,
      account,
      channel: text,
    })),
    forwarding: { host: text, port: 5986, allow: [text], subscriptionManagers: [text, text] },
    probe: {
      accounts: [`probe${account}`.slice(0, 20), text],
      include: [text],
      exclude: [text],
      methods: ["wmi"],
    },
    syslog: [{ name: text, senders: [text], transport: "udp" }],
    firewalls: [{ name: text, sourceAddresses: [text] }],
  };
}

describe("the hand-over pack", () => {
  it.each([
    ["a site with one of everything", "everything", aHandover()],
    ["a site with nothing configured", "nothing", aBareHandover()],
  ])("of %s is what a reviewer has read", async (_, golden, input) => {
    const { files } = handoverPack(input);
    for (const { name, text } of files)
      await expect(text.replaceAll("\r\n", "\n").replace("\uFEFF", "")).toMatchFileSnapshot(
        `goldens/${golden}/${name}.golden`,
      );
  });

  it("is PowerShell that a parser of its grammar takes without a fault", () => {
    for (const input of [
      aHandover(),
      aBareHandover(),
      aHandover({ probe: null }),
      aHandover({ forwarding: null }),
    ])
      for (const { name, text } of scriptsOf(input)) expect([name, faultsOf(text)]).toEqual([name, []]);
    // The parser is no yes-man: a quote too few is seen.
    expect(faultsOf("$a = 'b\nGet-GPO -Name c'd")).not.toEqual([]);
  });

  it.each(HOSTILE)("runs the same commands and no other where everything is called %j", (text) => {
    const harmless = scriptsOf(hostile("harmless"));
    for (const [index, { name, text: script }] of scriptsOf(hostile(text)).entries()) {
      expect([name, faultsOf(script)]).toEqual([name, []]);
      expect([name, commandsOf(script)]).toEqual([name, commandsOf(harmless[index]?.text ?? "")]);
    }
  });

  it("asks before each thing that it changes, so that -WhatIf changes nothing", () => {
    const changing = /^\s*(?:\$\w+ = |\$null = )?(?:New|Set|Add|Remove)-(?:AD|GP|Local|Item)\w*/;
    for (const { name, text } of scriptsOf(aHandover())) {
      expect(text).toContain("SupportsShouldProcess = $true");
      const lines = text.split("\r\n");
      for (const [index, line] of lines.entries())
        if (changing.test(line)) {
          const before = lines.slice(Math.max(0, index - 14), index + 1).join("\n");
          expect([name, line, before]).toEqual([name, line, expect.stringContaining("ShouldProcess(")]);
        }
    }
  });

  it("makes nobody powerful, and stops at an account that is", () => {
    const [set] = scriptsOf(aHandover());
    expect(set?.text).not.toMatch(/Add-ADGroupMember[^\r]*(?:-512|-519|S-1-5-32-544|Domain Admins)/);
    expect(set?.text).toMatch(/Assert-NotPowerful \$user\r\n {4}if \(\$null -ne \$AccountGroup\)/);
  });

  it("has each account once, with the rights that what it does needs", () => {
    const [set] = scriptsOf(aHandover());
    const made = set?.text.match(/Name = '([^']+)'; Upn = '([^']*)'; Reads = \$(\w+); Probes = \$(\w+)/g);
    expect(made).toEqual([
      "Name = 'svc-read'; Upn = 'svc-read@castell.example'; Reads = $true; Probes = $false",
      "Name = 'svc-probe'; Upn = 'svc-probe@castell.example'; Reads = $false; Probes = $true",
    ]);
  });

  it("says of a name that no account can have that it is made by hand", () => {
    const [directory] = aHandover().directories;
    if (directory === undefined) throw new Error("the sample has no directory");
    const account = "CN=Reader,OU=Service,DC=castell,DC=example";
    const { notes } = handoverPack(aHandover({ directories: [{ ...directory, account }] }));
    expect(notes.join("\n")).toContain(account);
  });
});

describe("the packs of two sites in one domain", () => {
  const customer = "Castell";
  const namesOf = (siteSlug: string, site = "London") =>
    Object.values(packNamesOf({ customer, site, siteSlug }));
  const london = aHandover();
  const geneva = aHandover({ site: "Geneva", siteSlug: "geneva" });
  const scriptOf = (input: HandoverInput, which: "Set" | "Undo") =>
    scriptsOf(input).find(({ name }) => name.startsWith(which))?.text ?? "";

  it("make nothing of the same name, also where the sites are called nearly alike", () => {
    const alike = `${"a".repeat(40)}`;
    for (const [one, other] of [
      ["london", "geneva"],
      ["london", "london-2"],
      [`${alike}-2`, `${alike}-3`],
    ] as const)
      expect(namesOf(one).filter((name) => namesOf(other).includes(name))).toEqual([]);
  });

  it("make groups whose names Active Directory takes", () => {
    for (const slug of ["london", "a".repeat(63), ...HOSTILE]) {
      const { accountGroup, readerGroup, probeGroup } = packNamesOf({
        customer,
        site: slug,
        siteSlug: slug,
      });
      for (const name of [accountGroup, readerGroup, probeGroup])
        expect(name).toMatch(/^[A-Za-z0-9 -]{1,64}$/);
    }
  });

  it("give an account the right to read logs through a group of each site's own, never directly", () => {
    const set = scriptOf(london, "Set");
    expect(set).toContain("Get-OurGroup 'Rollcall Readers london'");
    expect(set.match(/Add-ToGroup \$Readers \S+/g)).toEqual(["Add-ToGroup $Readers $ReaderGroup"]);
    expect(set).not.toMatch(/ArgumentList \$user/);
  });

  it("take back their own groups and leave an account that the other site uses where it is", () => {
    for (const undo of [scriptOf(london, "Undo"), scriptOf(geneva, "Undo")]) {
      expect(undo).not.toContain("Remove-ADGroupMember");
      expect(undo).not.toMatch(/ArgumentList \$user/);
      const lines = undo.split("\r\n");
      const removed = lines.findIndex((line) => line.includes("Remove-ADUser"));
      const asked = lines.findIndex((line) => line.includes("if ($others.Count -gt 0) {"));
      expect([asked > 0, lines[asked + 2]?.trim(), removed > asked]).toEqual([true, "continue", true]);
    }
    expect(scriptOf(london, "Undo")).not.toContain("geneva");
  });

  it("deny logons to the accounts of all sites, whichever policy wins", () => {
    expect(scriptOf(geneva, "Set")).toContain(
      "$filter = '(&(sAMAccountName=Rollcall Accounts*)(description=Made by the Rollcall hand-over of *))'",
    );
  });

  it("of two customers, called alike, bear marks of their own: neither takes the other's things for its own", () => {
    const theirs = packNamesOf(aHandover({ customer: "Another company" })).marker;
    expect(packNamesOf(london).marker).not.toBe(theirs);
    expect(scriptOf(london, "Undo")).not.toContain("Another company");
  });

  it("take back the rest where one server does not answer, and keep the group that it still names", () => {
    const undo = scriptOf(london, "Undo");
    expect(undo).toMatch(
      /try \{\s+Invoke-Command [^}]*\}[^}]*\}[^}]*\}\s+\} catch \{\s+\$unreached \+= \$server/,
    );
    expect(undo).toContain("if ($name -eq $ReaderGroup -and $unreached.Count -gt 0) { continue }");
  });

  it("are not touched by the undo of a pack made before sites had names of their own", () => {
    // It looked for these names, and for groups whose description begins with this mark; an account's equals it.
    const former = ["Rollcall Accounts", "Rollcall Probes", "Rollcall: accounts that log on nowhere"];
    expect(namesOf("london").filter((name) => former.includes(name))).toEqual([]);
    expect(packNamesOf(london).marker).not.toBe("Made by the Rollcall hand-over of London");
    const readme = handoverPack(london).files.find(({ name }) => name === "README.txt");
    expect(readme?.text).toContain("The Undo script of that pack takes them back");
  });
});

describe("the openings of firewalls", () => {
  it("are what is configured needs, from whom to whom, and no more", () => {
    const { openings } = handoverPack(aHandover());
    expect(openings.map(({ to, protocol, ports }) => [to, protocol, ports])).toEqual([
      ["dc1.castell.example", "TCP", "636"],
      ["dc1.castell.example", "TCP", "135, 49152-65535"],
      ["ex1.castell.example", "TCP", "135, 49152-65535"],
      ["Domain controllers of castell.example", "TCP and UDP", "88"],
      ["Domain controllers of castell.example", "TCP and UDP", "53"],
      ["Computers in 10.30.0.0/16, but not 10.30.9.0/24", "TCP", "135, 49152-65535"],
      ["Computers in 10.30.0.0/16, but not 10.30.9.0/24", "TCP", "5985"],
      ["cd-lon-01.castell.example (Agents: cd-lon-01)", "TCP", "5986"],
      ["Agents: cd-lon-01", "TCP and UDP", "514"],
      ["Agents: cd-lon-01", "TCP", "443"],
      ["gateway.example", "TCP", "8443"],
    ]);
    expect(handoverPack(aBareHandover()).openings).toHaveLength(1);
    const portsOf = (syslogPorts: HandoverInput["syslogPorts"], transport: "any" | "udp" | "tcp") =>
      handoverPack(aHandover({ syslogPorts, syslog: [{ name: "VPN", senders: ["10.20.0.9"], transport }] }))
        .openings.filter(({ why }) => why === "Syslog of VPN")
        .map(({ protocol, ports }) => `${protocol} ${ports}`);
    const apart = { udp: [5514, 514], tcp: [6514] };
    expect(portsOf(apart, "any")).toEqual(["UDP 5514, 514", "TCP 6514"]);
    expect(portsOf(apart, "udp")).toEqual(["UDP 5514, 514"]);
    expect(portsOf(apart, "tcp")).toEqual(["TCP 6514"]);
  });

  it("are a table in which nothing is a formula and nothing leaves its cell", () => {
    const opening = { from: '=cmd|"/c calc"', to: 'a","b', protocol: "TCP", ports: "1", why: "-1" } as const;
    const [, row] = openingsCsv([opening]).split("\r\n");
    expect(row).toBe(`"'=cmd|""/c calc""","a"",""b","TCP","1","'-1"`);
  });
});

describe("a value in a script", () => {
  it("is one string of PowerShell whatever it holds", () => {
    for (const text of HOSTILE) {
      const strings = nodesOf(`Write-Host ${quoted(text)}`).filter(({ type }) => type === "string_literal");
      expect([text, strings.length]).toEqual([text, 1]);
    }
    expect(quoted("O'Brien\u2019s")).toBe("'O''Brien\u2019\u2019s'");
  });
});
