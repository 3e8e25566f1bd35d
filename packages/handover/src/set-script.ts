import { accountsOf } from "./accounts.ts";
import type { HandoverInput } from "./handover-input.ts";
import { ACCOUNT_GROUPS, MARK_OF_ALL, type PackNames, packNamesOf } from "./pack-names.ts";
import { commented, quoted, quotedList } from "./power-shell-text.ts";
import { FIND_FUNCTIONS, MAKE_FUNCTIONS } from "./script-functions.ts";

/** Well-known groups by their SIDs: their names are translated. */
export const EVENT_LOG_READERS = "S-1-5-32-573";

/** Subcategories that the events of the rules come from: GUIDs, for their names are translated too. */
const AUDITED = [
  ["Audit Kerberos Authentication Service", "{0cce9242-69ae-11d9-bed3-505054503030}"],
  ["Audit Kerberos Service Ticket Operations", "{0cce9240-69ae-11d9-bed3-505054503030}"],
  ["Audit Logon", "{0cce9215-69ae-11d9-bed3-505054503030}"],
  ["Audit Logoff", "{0cce9216-69ae-11d9-bed3-505054503030}"],
  ["Audit Other Logon/Logoff Events", "{0cce921c-69ae-11d9-bed3-505054503030}"],
] as const;

const SECURITY_EXTENSION = "[{827D319E-6EAC-11D2-A4EA-00C04F79F83A}{803E14A0-B4FB-11D0-A0D0-00A0C90F574B}]";
const SCRIPTS_EXTENSION = "[{42B5FAAE-6536-11D2-AE5A-0000F87571E3}{40B6664F-4972-11D1-A7CA-0000F87571E3}]";
const AUDIT_EXTENSION = "[{F3CCC681-B74C-4060-9F26-CD84525DCA2A}{0F3F3735-573D-9804-99E4-AB2A69BA5FD4}]";
const SECURITY_TEMPLATE = "Machine\\Microsoft\\Windows NT\\SecEdit\\GptTmpl.inf";
const TEMPLATE_HEAD = ["[Unicode]", "Unicode=yes", "[Version]", 'signature="$CHICAGO$"', "Revision=1"];

/** The lines of the script that makes possible what is configured, and nothing more. */
export function setScript(input: HandoverInput): string[] {
  const { accounts } = accountsOf(input);
  const names = packNamesOf(input);
  return [
    "#Requires -Version 5.1",
    "#Requires -Modules ActiveDirectory, GroupPolicy",
    commented(`Rollcall: least-privilege access for ${input.customer}, ${input.site}.`),
    "# Look first: .\\Set-RollcallAccess.ps1 -WhatIf",
    "# It may be run again at any time: what is there already is left alone.",
    "[CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]",
    "param(",
    "    # Distinguished name of the unit in which accounts and groups are made; the domain's own place where empty.",
    "    [string] $AccountsPath = '',",
    "    # Distinguished names of the units that each policy is linked to; linked nowhere where empty.",
    "    [string[]] $LinkRightsTo = @(),",
    "    [string[]] $LinkAuditTo = @(),",
    "    [string[]] $LinkForwardingTo = @()",
    ")",
    "Set-StrictMode -Version 2.0",
    "$ErrorActionPreference = 'Stop'",
    "Import-Module @('ActiveDirectory', 'GroupPolicy')",
    "",
    `$Marker = ${quoted(names.marker)}`,
    "$Domain = Get-ADDomain",
    ...(input.domain === null
      ? []
      : [
          `$ExpectedDomain = ${quoted(input.domain)}`,
          "if ($Domain.DNSRoot -ne $ExpectedDomain) {",
          "    Write-Warning ('This is ' + $Domain.DNSRoot + ', and the pack was made for ' + $ExpectedDomain + '.')",
          "}",
        ]),
    "$Accounts = @(",
    ...accounts.map(
      ({ samAccountName, upn, reads, probes }) =>
        `    [pscustomobject] @{ Name = ${quoted(samAccountName)}; Upn = ${quoted(upn ?? "")}; Reads = $${reads}; Probes = $${probes} }`,
    ),
    ")",
    "",
    FIND_FUNCTIONS,
    "",
    MAKE_FUNCTIONS,
    "",
    ...accountLines(names),
    ...localReaderLines(input),
    ...rightsLines(input, names),
    ...auditLines(input, names),
    ...forwardingLines(input, names),
    "Write-Host 'Done. Type the passwords into the portal, and run the tests there.'",
  ];
}

function accountLines({ accountGroup, readerGroup, probeGroup }: PackNames): string[] {
  return `# 1. Accounts: they read, and log on nowhere.
$AccountGroup = Get-OurGroup ${quoted(accountGroup)} 'may log on nowhere interactively'
$ReaderGroup = $null
if (@($Accounts | Where-Object { $_.Reads }).Count -gt 0) {
    # Through a group of this site's own: an account that another site uses too stays a reader there when this one ends.
    $ReaderGroup = Get-OurGroup ${quoted(readerGroup)} 'reads event logs'
    $Readers = Get-ADGroup -LDAPFilter '(objectSid=${EVENT_LOG_READERS})'
    if ($null -ne $ReaderGroup) { Add-ToGroup $Readers $ReaderGroup }
}
$ProbeGroup = $null
if (@($Accounts | Where-Object { $_.Probes }).Count -gt 0) {
    $ProbeGroup = Get-OurGroup ${quoted(probeGroup)} 'asks computers who sits there'
}
foreach ($account in $Accounts) {
    $user = Find-Account $account.Name
    if ($null -eq $user -and $PSCmdlet.ShouldProcess($account.Name, 'Make the account')) {
        $where = @{}
        if ($AccountsPath -ne '') { $where['Path'] = $AccountsPath }
        $upn = $account.Upn
        if ($upn -eq '') { $upn = $account.Name + '@' + $Domain.DNSRoot }
        $password = Read-Host -AsSecureString ('A new password for ' + $account.Name + ', long and random')
        New-ADUser -Name $account.Name -SamAccountName $account.Name -UserPrincipalName $upn -Description $Marker -AccountPassword $password -Enabled $true -CannotChangePassword $true -PasswordNeverExpires $true -AccountNotDelegated $true -KerberosEncryptionType @('AES128', 'AES256') @where
        $user = Find-Account $account.Name
    }
    if ($null -eq $user) { continue }
    Assert-NotPowerful $user
    if ($null -ne $AccountGroup) { Add-ToGroup $AccountGroup $user }
    if ($account.Reads -and $null -ne $ReaderGroup) { Add-ToGroup $ReaderGroup $user }
    if ($account.Probes -and $null -ne $ProbeGroup) { Add-ToGroup $ProbeGroup $user }
}
`.split("\n");
}

/** On an Exchange server or a collector the group of that server counts; the domain's is of its controllers. */
function localReaderLines({ eventSources }: HandoverInput): string[] {
  const servers = eventSources.filter(({ kind }) => kind !== "domain-controller");
  if (servers.length === 0) return [];
  return [
    "# 2. Servers that are no domain controllers: their own group of readers.",
    `$Servers = ${quotedList([...new Set(servers.map(({ host }) => host))])}`,
    ...`foreach ($server in $Servers) {
    if ($null -eq $ReaderGroup) { continue }
    if (-not $PSCmdlet.ShouldProcess($server, 'Add ' + $ReaderGroup.Name + ' to its Event Log Readers')) { continue }
    Invoke-Command -ComputerName $server -ArgumentList $ReaderGroup.SID.Value -ScriptBlock {
        param([string] $Sid)
        $held = @(Get-LocalGroupMember -SID '${EVENT_LOG_READERS}' | Where-Object { $_.SID.Value -eq $Sid })
        if ($held.Count -eq 0) { Add-LocalGroupMember -SID '${EVENT_LOG_READERS}' -Member $Sid }
    }
}
`.split("\n"),
  ];
}

function rightsLines({ probe }: HandoverInput, { rightsPolicy }: PackNames): string[] {
  const hasProbe = probe !== null && probe.accounts.length > 0;
  return [
    "# 3. They log on nowhere: not at a screen, not by remote desktop, not as a batch job or a service.",
    `$RightsPolicy = Get-OurPolicy ${quoted(rightsPolicy)}`,
    "if ($null -ne $RightsPolicy -and $null -ne $AccountGroup) {",
    "    # Of several policies the one that wins counts alone for each right: each names the accounts of every site.",
    `    $filter = ${quoted(`(&(sAMAccountName=${ACCOUNT_GROUPS}*)(description=${MARK_OF_ALL}*))`)}`,
    "    $others = @(Get-ADGroup -LDAPFilter $filter | Where-Object { $_.SID.Value -ne $AccountGroup.SID.Value })",
    "    $denied = (@(($others + $AccountGroup) | ForEach-Object { '*' + $_.SID.Value } | Sort-Object) -join ',')",
    "    if ($others.Count -gt 0) {",
    "        Write-Host ('Other sites have accounts here: ' + (@($others | ForEach-Object { $_.Name }) -join ', ') + '. Run their Set-RollcallAccess.ps1 again, so that their policies name ' + $AccountGroup.Name + ' too.')",
    "    }",
    `    $template = ${quotedList(TEMPLATE_HEAD)}`,
    "    $template += '[Privilege Rights]'",
    "    foreach ($right in @('SeDenyInteractiveLogonRight', 'SeDenyRemoteInteractiveLogonRight', 'SeDenyBatchLogonRight', 'SeDenyServiceLogonRight')) {",
    "        $template += ($right + ' = ' + $denied)",
    "    }",
    ...(hasProbe
      ? [
          "    if ($null -ne $ProbeGroup) {",
          "        # Distributed COM Users and Remote Management Users of each computer, beside whoever is in them already.",
          "        $template += '[Group Membership]'",
          "        $template += ('*' + $ProbeGroup.SID.Value + '__Memberof = *S-1-5-32-562,*S-1-5-32-580')",
          "    }",
        ]
      : []),
    `    Set-PolicyFile $RightsPolicy ${quoted(SECURITY_TEMPLATE)} $template ${quoted(SECURITY_EXTENSION)}`,
    ...(hasProbe
      ? [
          "    if ($null -ne $ProbeGroup) {",
          "        # WMI has no group policy of its own: each computer lets the group read at its start.",
          "        $grant = Get-Content -LiteralPath (Join-Path $PSScriptRoot 'Grant-RollcallWmi.ps1')",
          `        Set-PolicyFile $RightsPolicy 'Machine\\Scripts\\Startup\\Grant-RollcallWmi.ps1' $grant ${quoted(SCRIPTS_EXTENSION)}`,
          "        $start = @('[Startup]', '0CmdLine=Grant-RollcallWmi.ps1', ('0Parameters=-GroupSid ' + $ProbeGroup.SID.Value))",
          `        Set-PolicyFile $RightsPolicy 'Machine\\Scripts\\psscripts.ini' $start ${quoted(SCRIPTS_EXTENSION)}`,
          "    }",
        ]
      : []),
    "}",
    "Add-PolicyLink $RightsPolicy $LinkRightsTo",
    "",
  ];
}

function auditLines({ eventSources, forwarding }: HandoverInput, { auditPolicy }: PackNames): string[] {
  if (eventSources.length === 0 && forwarding === null) return [];
  return [
    "# 4. What the logs must hold.",
    `$AuditPolicy = Get-OurPolicy ${quoted(auditPolicy)}`,
    "if ($null -ne $AuditPolicy) {",
    "    $audit = @(",
    `        ${quoted("Machine Name,Policy Target,Subcategory,Subcategory GUID,Inclusion Setting,Exclusion Setting,Setting Value")},`,
    AUDITED.map(([name, guid]) => `        ${quoted(`,System,${name},${guid},Success,,1`)}`).join(",\n"),
    "    )",
    `    Set-PolicyFile $AuditPolicy ${quoted("Machine\\Microsoft\\Windows NT\\Audit\\audit.csv")} $audit ${quoted(AUDIT_EXTENSION)}`,
    "}",
    "Add-PolicyLink $AuditPolicy $LinkAuditTo",
    "",
  ];
}

const SUBSCRIPTION_KEY =
  "HKLM\\Software\\Policies\\Microsoft\\Windows\\EventLog\\EventForwarding\\SubscriptionManager";

function forwardingLines({ forwarding }: HandoverInput, { forwardingPolicy }: PackNames): string[] {
  if (forwarding === null) return [];
  return [
    "# 5. Computers forward their events to the agent.",
    `$ForwardingPolicy = Get-OurPolicy ${quoted(forwardingPolicy)}`,
    `$Managers = ${quotedList(forwarding.subscriptionManagers)}`,
    "if ($null -ne $ForwardingPolicy) {",
    "    for ($i = 0; $i -lt $Managers.Count; $i += 1) {",
    "        $name = [string] ($i + 1)",
    `        $held = Get-GPRegistryValue -Guid $ForwardingPolicy.Id -Key ${quoted(SUBSCRIPTION_KEY)} -ValueName $name -ErrorAction SilentlyContinue`,
    "        if ($null -ne $held -and $held.Value -ceq $Managers[$i]) { continue }",
    "        if ($PSCmdlet.ShouldProcess($Managers[$i], 'Let computers forward to it')) {",
    `            $null = Set-GPRegistryValue -Guid $ForwardingPolicy.Id -Key ${quoted(SUBSCRIPTION_KEY)} -ValueName $name -Type String -Value $Managers[$i]`,
    "        }",
    "    }",
    "    # The service that forwards runs, and the account it runs as may read the Security log.",
    `    $template = ${quotedList(TEMPLATE_HEAD)}`,
    "    $template += '[Service General Setting]'",
    `    $template += ${quoted('"WinRM",2,""')}`,
    "    $template += '[Group Membership]'",
    `    $template += ${quoted(`*S-1-5-20__Memberof = *${EVENT_LOG_READERS}`)}`,
    `    Set-PolicyFile $ForwardingPolicy ${quoted(SECURITY_TEMPLATE)} $template ${quoted(SECURITY_EXTENSION)}`,
    "}",
    "Add-PolicyLink $ForwardingPolicy $LinkForwardingTo",
    "",
  ];
}
