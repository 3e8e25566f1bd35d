import { accountsOf } from "./accounts.ts";
import type { HandoverInput } from "./handover-input.ts";
import { MARK_OF_ALL, packNamesOf } from "./pack-names.ts";
import { commented, quoted, quotedList } from "./power-shell-text.ts";
import { FIND_FUNCTIONS } from "./script-functions.ts";
import { EVENT_LOG_READERS } from "./set-script.ts";

/**
 * The lines of the script that takes back what the other made: found by name and by its mark, so nothing else is touched.
 * An account that another site's pack uses too keeps what it has there: its rights come through each site's own groups.
 */
export function undoScript(input: HandoverInput): string[] {
  const { accounts } = accountsOf(input);
  const names = packNamesOf(input);
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
    `$Marker = ${quoted(names.marker)}`,
    "$Domain = Get-ADDomain",
    `$Accounts = ${quotedList(accounts.map(({ samAccountName }) => samAccountName))}`,
    `$Groups = ${quotedList([names.probeGroup, names.readerGroup, names.accountGroup])}`,
    `$Policies = ${quotedList([names.rightsPolicy, names.auditPolicy, names.forwardingPolicy])}`,
    `$ReaderGroup = ${quoted(names.readerGroup)}`,
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

# On servers that are no domain controllers a group that is gone would stay behind as a number.
$unreached = @()
$group = Find-Group $ReaderGroup
if ($null -ne $group -and ([string] $group.Description).StartsWith($Marker + ';')) {
    foreach ($server in $Servers) {
        if (-not $PSCmdlet.ShouldProcess($server, 'Take ' + $ReaderGroup + ' out of its Event Log Readers')) { continue }
        try {
            Invoke-Command -ComputerName $server -ArgumentList $group.SID.Value -ErrorAction Stop -ScriptBlock {
                param([string] $Sid)
                $held = @(Get-LocalGroupMember -SID '${EVENT_LOG_READERS}' | Where-Object { $_.SID.Value -eq $Sid })
                if ($held.Count -gt 0) { Remove-LocalGroupMember -SID '${EVENT_LOG_READERS}' -Member $Sid }
            }
        } catch {
            $unreached += $server
            Write-Warning ($server + ' could not be asked, so ' + $ReaderGroup + ' stays for now: ' + $_.Exception.Message)
        }
    }
}

# With a group its members' rights go that came through it, and no others.
foreach ($name in $Groups) {
    $group = Find-Group $name
    if ($null -eq $group) { continue }
    if (-not ([string] $group.Description).StartsWith($Marker + ';')) { continue }
    if ($name -eq $ReaderGroup -and $unreached.Count -gt 0) { continue }
    if ($PSCmdlet.ShouldProcess($name, 'Remove the group')) {
        Remove-ADGroup -Identity $group.DistinguishedName -Confirm:$false
    }
}

foreach ($name in $Accounts) {
    if (-not $RemoveAccounts) { continue }
    $user = Find-Account $name
    if ($null -eq $user) { continue }
    # Whichever site's script made it: the last one to use it takes it away.
    if (-not ([string] $user.Description).StartsWith('${MARK_OF_ALL}')) {
        Write-Host ($name + ' was not made by a hand-over script, and stays.')
        continue
    }
    # Groups of another site's pack, by their mark: the account is still used there.
    $filter = '(&(member=' + (ConvertTo-LdapText $user.DistinguishedName) + ')(description=${MARK_OF_ALL}*))'
    $others = @(Get-ADGroup -LDAPFilter $filter -Properties Description | Where-Object { $Groups -notcontains $_.SamAccountName })
    if ($others.Count -gt 0) {
        Write-Warning ($name + ' stays: it is in use by another site, in ' + (@($others | ForEach-Object { $_.Name }) -join ', ') + '.')
        continue
    }
    if ($PSCmdlet.ShouldProcess($name, 'Remove the account')) {
        Remove-ADUser -Identity $user.DistinguishedName -Confirm:$false
    }
}
if ($unreached.Count -gt 0) {
    Write-Warning ('Run this again when these answer, or take them out of the portal first: ' + ($unreached -join ', ') + '.')
}
Write-Host 'Done. Computers drop the policies at their next refresh.'`.split("\n"),
  ];
}
