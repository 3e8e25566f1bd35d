import { accountsOf } from "./accounts.ts";
import type { HandoverInput, HandoverPack } from "./handover-input.ts";
import { openingsCsv, openingsOf } from "./openings.ts";
import { commented, scriptFile } from "./power-shell-text.ts";
import { WMI_GRANT, WMI_REVOKE } from "./script-functions.ts";
import { AUDIT_POLICY, FORWARDING_POLICY, RIGHTS_POLICY, setScript } from "./set-script.ts";
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
  const hasProbe = input.probe !== null && input.probe.accounts.length > 0;
  const both = accounts.filter(({ reads, probes }) => reads && probes);
  return [
    "No account is made a member of Domain Admins, nor of any group with its rights; the script stops at an account that is one.",
    "A group managed service account cannot be used: the agent logs in with a password that is typed into the portal, and nobody can type the one of such an account.",
    `The policies are made and linked to nothing until a unit is named: -LinkRightsTo for computers ("${RIGHTS_POLICY}"), -LinkAuditTo for the domain controllers.`,
    "User rights of several policies are not merged: for each right the policy that wins counts alone. Where another policy denies logons too, add the group Rollcall Accounts there instead of linking this one.",
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
      (input.forwarding === null ? "" : ` and -LinkForwardingTo ("${FORWARDING_POLICY}")`) +
      " and the distinguished names of the units.",
    `   "${AUDIT_POLICY}" belongs to the unit of the domain controllers and wherever else a log is read.`,
    "4. Open the ways of firewall-openings.csv.",
    "5. Type the passwords into the portal and run the tests there.",
    "To take it all back: Undo-RollcallAccess.ps1, with -RemoveAccounts for the accounts too.",
    "",
    ...notes.map((note) => commented(note).replace("# ", "- ")),
  ];
}
