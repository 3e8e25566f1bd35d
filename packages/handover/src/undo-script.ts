import { accountsOf } from "./accounts.ts";
import type { HandoverInput } from "./handover-input.ts";
import { commented, quoted, quotedList } from "./power-shell-text.ts";
import { FIND_FUNCTIONS } from "./script-functions.ts";
import {
  ACCOUNT_GROUP,
  AUDIT_POLICY,
  FORWARDING_POLICY,
  markerOf,
  PROBE_GROUP,
  RIGHTS_POLICY,
} from "./set-script.ts";

/** The lines of the script that takes back what the other made: found by name and by its mark, so nothing else is touched. */
export function undoScript(input: HandoverInput): string[] {
  const { accounts } = accountsOf(input);
  const servers = input.eventSources.filter(({ kind }) => kind !== "domain-controller");
  return [
    "#Requires -Version 5.1",
    "#Requires -Modules ActiveDirectory, GroupPolicy",
    commented(`Rollcall: takes back what Set-RollcallAccess.ps1 made for ${input.customer}, ${input.site}.`),
    "# Look first: .\\Undo-RollcallAccess.ps1 -WhatIf",
    "# Accounts and groups that were there before are left; accounts that were made go with -RemoveAccounts only.",
    "[CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]",
    "param(",
    "    [switch] $RemoveAccounts",
    ")",
    "Set-StrictMode -Version 2.0",
    "$ErrorActionPreference = 'Stop'",
    "Import-Module @('ActiveDirectory', 'GroupPolicy')",
    "",
    `$Marker = ${quoted(markerOf(input))}`,
    "$Domain = Get-ADDomain",
    `$Accounts = ${quotedList(accounts.map(({ samAccountName }) => samAccountName))}`,
    `$Groups = ${quotedList([PROBE_GROUP, ACCOUNT_GROUP])}`,
    `$Policies = ${quotedList([RIGHTS_POLICY, AUDIT_POLICY, FORWARDING_POLICY])}`,
    `$Servers = ${quotedList([...new Set(servers.map(({ host }) => host))])}`,
    "",
    FIND_FUNCTIONS,
    "",
    ...`# A policy counts as ours by its mark: one of the same name that somebody else made is left.
foreach ($name in $Policies) {
    foreach ($policy in @(Get-GPO -All | Where-Object { $_.DisplayName -eq $name -and $_.Description -eq $Marker })) {
        if ($PSCmdlet.ShouldProcess($name, 'Remove the group policy and its links')) { Remove-GPO -Guid $policy.Id }
    }
}

$Readers = Get-ADGroup -LDAPFilter '(objectSid=S-1-5-32-573)'
foreach ($name in $Accounts) {
    $user = Find-Account $name
    if ($null -eq $user) { continue }
    if ((Test-Member $Readers $user) -and $PSCmdlet.ShouldProcess($name, 'Take out of ' + $Readers.Name)) {
        Remove-ADGroupMember -Identity $Readers.DistinguishedName -Members $user.DistinguishedName -Confirm:$false
    }
    foreach ($server in $Servers) {
        if (-not $PSCmdlet.ShouldProcess($server, 'Take ' + $name + ' out of its Event Log Readers')) { continue }
        Invoke-Command -ComputerName $server -ArgumentList $user.SID.Value -ScriptBlock {
            param([string] $Sid)
            $held = @(Get-LocalGroupMember -SID 'S-1-5-32-573' | Where-Object { $_.SID.Value -eq $Sid })
            if ($held.Count -gt 0) { Remove-LocalGroupMember -SID 'S-1-5-32-573' -Member $Sid }
        }
    }
    $isOurs = $user.Description -eq $Marker
    if ($RemoveAccounts -and $isOurs -and $PSCmdlet.ShouldProcess($name, 'Remove the account')) {
        Remove-ADUser -Identity $user.DistinguishedName -Confirm:$false
    }
}

foreach ($name in $Groups) {
    $group = Find-Group $name
    if ($null -eq $group) { continue }
    if (-not ([string] $group.Description).StartsWith($Marker)) { continue }
    if ($PSCmdlet.ShouldProcess($name, 'Remove the group')) {
        Remove-ADGroup -Identity $group.DistinguishedName -Confirm:$false
    }
}
Write-Host 'Done. Computers drop the policies at their next refresh.'`.split("\n"),
  ];
}
