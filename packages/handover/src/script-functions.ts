/**
 * The part of the scripts that is the same for everybody: it holds no value of anybody, so nothing here is quoted by hand.
 * It reads `$PSCmdlet`, `$Marker` and `$Domain` of the script it stands in.
 *
 * Source: the extension pairs and file formats of group policy as MS-GPSB, MS-GPSCR, MS-GPAC and MS-GPOL document them.
 */
export const FIND_FUNCTIONS = String.raw`function ConvertTo-LdapText([string] $Text) {
    $Text.Replace('\', '\5c').Replace('*', '\2a').Replace('(', '\28').Replace(')', '\29')
}

function Find-Account([string] $Name) {
    $filter = '(sAMAccountName=' + (ConvertTo-LdapText $Name) + ')'
    Get-ADUser -LDAPFilter $filter -Properties Description
}

function Find-Group([string] $Name) {
    $filter = '(sAMAccountName=' + (ConvertTo-LdapText $Name) + ')'
    Get-ADGroup -LDAPFilter $filter -Properties Description
}

function Test-Member($Group, $Member) {
    $filter = '(&(distinguishedName=' + (ConvertTo-LdapText $Member.DistinguishedName) + ')(memberOf=' +
        (ConvertTo-LdapText $Group.DistinguishedName) + '))'
    $null -ne (Get-ADObject -LDAPFilter $filter)
}`;

export const MAKE_FUNCTIONS = String.raw`# An account of ours must not be powerful: whoever takes the agent would have its rights.
function Assert-NotPowerful($User) {
    $sids = @('S-1-5-32-544', ($Domain.DomainSID.Value + '-512'), ($Domain.DomainSID.Value + '-518'),
        ($Domain.DomainSID.Value + '-519'))
    foreach ($sid in $sids) {
        $group = Get-ADGroup -LDAPFilter ('(objectSid=' + $sid + ')')
        if ($null -eq $group) { continue }
        $filter = '(&(distinguishedName=' + (ConvertTo-LdapText $User.DistinguishedName) +
            ')(memberOf:1.2.840.113556.1.4.1941:=' + (ConvertTo-LdapText $group.DistinguishedName) + '))'
        if ($null -ne (Get-ADObject -LDAPFilter $filter)) {
            throw ($User.SamAccountName + ' is a member of ' + $group.Name + ': it must not be. Nothing more was done.')
        }
    }
}

function Add-ToGroup($Group, $Member) {
    if (Test-Member $Group $Member) { return }
    if ($PSCmdlet.ShouldProcess($Member.Name, 'Add to ' + $Group.Name)) {
        Add-ADGroupMember -Identity $Group.DistinguishedName -Members $Member.DistinguishedName
    }
}

function Get-OurGroup([string] $Name, [string] $What) {
    $group = Find-Group $Name
    if ($null -eq $group -and $PSCmdlet.ShouldProcess($Name, 'Make the group')) {
        $where = @{}
        if ($AccountsPath -ne '') { $where['Path'] = $AccountsPath }
        New-ADGroup -Name $Name -SamAccountName $Name -GroupScope Global -GroupCategory Security -Description ($Marker + '; ' + $What) @where
        $group = Find-Group $Name
    }
    if ($null -ne $group -and -not ([string] $group.Description).StartsWith($Marker + ';')) {
        throw ('There is a group "' + $Name + '" already that this script did not make for this site. Nothing was changed in it: rename it.')
    }
    $group
}

function Get-OurPolicy([string] $Name) {
    $policy = Get-GPO -All | Where-Object { $_.DisplayName -eq $Name } | Select-Object -First 1
    if ($null -ne $policy -and $policy.Description -ne $Marker) {
        throw ('There is a group policy "' + $Name + '" already that this script did not make for this site. Nothing was changed in it: rename it, or make one policy of both by hand.')
    }
    if ($null -eq $policy -and $PSCmdlet.ShouldProcess($Name, 'Make the group policy')) {
        $policy = New-GPO -Name $Name -Comment $Marker
    }
    $policy
}

# Writes a file of a policy where it is not there already, and says so to the computers.
function Set-PolicyFile($Policy, [string] $RelativePath, [string[]] $Lines, [string] $Extension) {
    $folder = '\\' + $Domain.DNSRoot + '\SYSVOL\' + $Domain.DNSRoot + '\Policies\{' + $Policy.Id + '}'
    $path = Join-Path $folder $RelativePath
    $end = [Environment]::NewLine
    $text = ($Lines -join $end) + $end
    if (Test-Path -LiteralPath $path) {
        if ([IO.File]::ReadAllText($path) -ceq $text) { return }
    }
    if (-not $PSCmdlet.ShouldProcess($path, 'Write')) { return }
    $null = New-Item -ItemType Directory -Force -Path (Split-Path -Parent $path)
    [IO.File]::WriteAllText($path, $text, [Text.Encoding]::Unicode)

    $dn = 'CN={' + $Policy.Id + '},CN=Policies,' + $Domain.SystemsContainer
    $object = Get-ADObject -Identity $dn -Properties @('gPCMachineExtensionNames', 'versionNumber')
    $pairs = @([regex]::Matches([string] $object.gPCMachineExtensionNames, '\[[^\]]+\]') | ForEach-Object { $_.Value })
    if ($pairs -notcontains $Extension) { $pairs = $pairs + $Extension }
    $version = [int] $object.versionNumber + 1
    Set-ADObject -Identity $dn -Replace @{
        gPCMachineExtensionNames = (($pairs | Sort-Object) -join '')
        versionNumber = $version
    }
    $ini = @('[General]', ('Version=' + $version))
    [IO.File]::WriteAllText((Join-Path $folder 'gpt.ini'), (($ini -join $end) + $end), [Text.Encoding]::ASCII)
}

function Add-PolicyLink($Policy, [string[]] $Targets) {
    if ($null -eq $Policy) { return }
    foreach ($target in $Targets) {
        $links = @((Get-GPInheritance -Target $target).GpoLinks | Where-Object { $_.GpoId -eq $Policy.Id })
        if ($links.Count -gt 0) { continue }
        if ($PSCmdlet.ShouldProcess($target, 'Link ' + $Policy.DisplayName)) {
            $null = New-GPLink -Guid $Policy.Id -Target $target
        }
    }
    if ($Targets.Count -eq 0) {
        Write-Host ($Policy.DisplayName + ' is not linked anywhere by this run: see README.txt.')
    }
}`;

/** What each computer does at its start so that the probes' group may read WMI from outside, and nothing else. */
export const WMI_GRANT = String.raw`[CmdletBinding(SupportsShouldProcess = $true)]
param(
    [Parameter(Mandatory = $true)] [string] $GroupSid
)
Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

# 0x1 enable account, 0x20 remote enable: reading, from outside.
$Rights = 0x21
$security = Get-WmiObject -Namespace 'root\cimv2' -Class '__SystemSecurity'
$answer = $security.GetSecurityDescriptor()
if ($answer.ReturnValue -ne 0) { throw ('WMI gave no security descriptor: ' + $answer.ReturnValue) }
$descriptor = $answer.Descriptor
$held = @($descriptor.DACL | Where-Object {
    $_.Trustee.SIDString -eq $GroupSid -and $_.AceType -eq 0 -and ($_.AccessMask -band $Rights) -eq $Rights
})
if ($held.Count -gt 0) { return }

$sid = New-Object System.Security.Principal.SecurityIdentifier($GroupSid)
$bytes = New-Object 'byte[]' $sid.BinaryLength
$sid.GetBinaryForm($bytes, 0)
$trustee = ([wmiclass] 'Win32_Trustee').CreateInstance()
$trustee.SID = $bytes
$entry = ([wmiclass] 'Win32_ACE').CreateInstance()
$entry.AccessMask = $Rights
$entry.AceFlags = 0
$entry.AceType = 0
$entry.Trustee = $trustee
$descriptor.DACL += $entry.PSObject.ImmediateBaseObject
if ($PSCmdlet.ShouldProcess('root\cimv2', 'Let ' + $GroupSid + ' read from outside')) {
    $set = $security.SetSecurityDescriptor($descriptor)
    if ($set.ReturnValue -ne 0) { throw ('WMI did not take the security descriptor: ' + $set.ReturnValue) }
}`;

/** The other way round: for a computer that was given the right, run once by hand or as a start-up script. */
export const WMI_REVOKE = String.raw`[CmdletBinding(SupportsShouldProcess = $true)]
param(
    [Parameter(Mandatory = $true)] [string] $GroupSid
)
Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$security = Get-WmiObject -Namespace 'root\cimv2' -Class '__SystemSecurity'
$answer = $security.GetSecurityDescriptor()
if ($answer.ReturnValue -ne 0) { throw ('WMI gave no security descriptor: ' + $answer.ReturnValue) }
$descriptor = $answer.Descriptor
$kept = @($descriptor.DACL | Where-Object { $_.Trustee.SIDString -ne $GroupSid })
if ($kept.Count -eq @($descriptor.DACL).Count) { return }
$descriptor.DACL = [System.Management.ManagementBaseObject[]] $kept
if ($PSCmdlet.ShouldProcess('root\cimv2', 'Take the rights of ' + $GroupSid + ' back')) {
    $set = $security.SetSecurityDescriptor($descriptor)
    if ($set.ReturnValue -ne 0) { throw ('WMI did not take the security descriptor: ' + $set.ReturnValue) }
}`;
