import { accountsOf } from "./accounts.ts";
import type { HandoverInput, HandoverPack } from "./handover-input.ts";
import { openingsCsv, openingsOf } from "./openings.ts";
import { packNamesOf } from "./pack-names.ts";
import { commented, scriptFile } from "./power-shell-text.ts";
import { WMI_GRANT, WMI_REVOKE } from "./script-functions.ts";
import { setScript } from "./set-script.ts";
import { undoScript } from "./undo-script.ts";

/**
 * The pack for a customer's Active Directory administrator, made of what is configured and of nothing else.
 *
 * Shape:  scripts in UTF-8 with a byte-order mark and Windows line ends; the same input gives the same bytes.
 */
export function handoverPack(input: HandoverInput): HandoverPack {
  const openings = openingsOf(input);
  const notes = notesOf(input);
  const hasProbe = input.probe !== null && input.probe.accounts.length > 0;
  return {
    openings,
    notes,
    files: [
      { name: "README.txt", text: scriptFile(readme(input, notes)) },
      { name: "Set-RollcallAccess.ps1", text: scriptFile(setScript(input)) },
      { name: "Undo-RollcallAccess.ps1", text: scriptFile(undoScript(input)) },
      ...(hasProbe
        ? [
            {
              name: "Grant-RollcallWmi.ps1",
              text: scriptFile(["# Lets a group read WMI from outside, at one computer.", WMI_GRANT]),
            },
            {
              name: "Revoke-RollcallWmi.ps1",
              text: scriptFile([
                "# Takes a group's right to read WMI from outside back, at one computer.",
                WMI_REVOKE,
              ]),
            },
          ]
        : []),
      { name: "firewall-openings.csv", text: openingsCsv(openings) },
    ],
  };
}

function notesOf(input: HandoverInput): string[] {
  const { accounts, leftOut } = accountsOf(input);
  const { rightsPolicy, accountGroup, forwardingPolicy } = packNamesOf(input);
  const hasProbe = input.probe !== null && input.probe.accounts.length > 0;
  const both = accounts.filter(({ reads, probes }) => reads && probes);
  return [
    "No account is made a member of Domain Admins, nor of any group with its rights; the script stops at an account that is one.",
    "A group managed service account cannot be used: the agent logs in with a password that is typed into the portal, and nobody can type the one of such an account.",
    `The policies are made and linked to nothing until a unit is named: -LinkRightsTo for computers ("${rightsPolicy}"), -LinkAuditTo for the domain controllers.`,
    `User rights of several policies are not merged: for each right the policy that wins counts alone. Where another policy denies logons too, add the group ${accountGroup} there instead of linking this one.`,
    "Groups and policies bear the short name of this site, so that packs of several sites stand beside each other in one domain. An account that two sites use stays until the last of them is taken back. After a further site was added, run Set-RollcallAccess.ps1 of the others again: each policy then denies logons to the accounts of all.",
    ...(input.forwarding === null
      ? []
      : [
          `Link "${forwardingPolicy}" to the computers of this site alone: where the ones of two sites hold for a computer, it forwards to one of them only.`,
        ]),
    ...(hasProbe
      ? [
          "The probe's right to read WMI is given by each computer at its start; it stays when the policy goes. Revoke-RollcallWmi.ps1 takes it back at one computer.",
        ]
      : []),
    ...both.map(
      ({ samAccountName }) =>
        `${samAccountName} reads logs and asks computers: two accounts would each be able to do less.`,
    ),
    ...leftOut.map((name) => `Make or check this account by hand, its name cannot be made here: ${name}`),
  ];
}

function readme(input: HandoverInput, notes: readonly string[]): string[] {
  const { accounts } = accountsOf(input);
  const { auditPolicy, forwardingPolicy } = packNamesOf(input);
  const names = accounts.map(
    ({ samAccountName, reads, probes }) =>
      `  ${samAccountName}: ${[reads ? "reads event logs" : null, probes ? "asks computers who sits there" : null].filter((use) => use !== null).join(", ") || "reads the directory"}`,
  );
  return [
    commented(`Rollcall hand-over: ${input.customer}, ${input.site}`).slice(2),
    "",
    "1. Read Set-RollcallAccess.ps1. Run it with -WhatIf as an administrator of the domain: it says what it would do.",
    "2. Run it. It asks for a password for each account that it makes:",
    ...(names.length === 0 ? ["  none is needed for what is configured"] : names),
    "3. Link the policies: run it again with -LinkRightsTo, -LinkAuditTo" +
      (input.forwarding === null ? "" : ` and -LinkForwardingTo ("${forwardingPolicy}")`) +
      " and the distinguished names of the units.",
    `   "${auditPolicy}" belongs to the unit of the domain controllers and wherever else a log is read.`,
    "4. Open the ways of firewall-openings.csv.",
    "5. Type the passwords into the portal and run the tests there.",
    "To take it all back: Undo-RollcallAccess.ps1, with -RemoveAccounts for the accounts too.",
    "An older pack made the groups Rollcall Accounts and Rollcall Probes, and policies that begin with 'Rollcall:', all without the",
    "name of a site. The Undo script of that pack takes them back, this one leaves them. To change over: run this pack's Set script,",
    "then the older Undo script without -RemoveAccounts, so that the accounts go on.",
    "",
    ...notes.map((note) => commented(note).replace("# ", "- ")),
  ];
}
