"""Fills a stopped Samba domain controller with the lab's directory.

usage: seed-directory.py SMB_CONF USERS KEYED_USERS GROUPS COMPUTERS PASSWORD

Shape:  every run with the same numbers gives the same objects with the same GUIDs and SIDs. Run again with greater
        numbers it adds what is missing and touches nothing else.
How:    straight into the database as SYSTEM: no process per object (samba-tool needs 0.3 s each), no network.
        `batch_mode` drops the nested transaction that ldb makes for each operation, whose cost grows with the number
        of objects; with it a failed add spoils the whole transaction, so everything is checked for existence first.
"""

import sys
import time
import uuid

import ldb
from samba import dsdb, sd_utils
from samba.auth import system_session
from samba.credentials import Credentials
from samba.dcerpc import misc
from samba.ndr import ndr_pack
from samba.param import LoadParm
from samba.samdb import SamDB

NAMESPACE = uuid.UUID("6b3e1c62-8a53-4f0e-9d55-0f5c1a0000ff")
ALLOW_GUID = ["relax:0"]
BYPASS_HASHING = ["local_oid:%s:0" % dsdb.DSDB_CONTROL_BYPASS_PASSWORD_HASH_OID]
FILETIME_EPOCH_S = 11644473600

# userAccountControl and groupType. Source: MS-ADTS 2.2.16 and 2.2.12.
NORMAL, DISABLED, WORKSTATION = 0x200, 0x2, 0x1000
NO_EXPIRY, SMARTCARD, NO_PREAUTH = 0x10000, 0x40000, 0x400000
GLOBAL, UNIVERSAL, DOMAIN_LOCAL, DISTRIBUTION = -2147483646, -2147483640, -2147483644, 8

DEPARTMENTS = ["Sales", "Engineering", "Finance", "HR", "Support", "Vertrieb München", "Отдел продаж", "研究開発"]
GIVEN = ["Ana", "José", "Łukasz", "Zoë", "Олена", "小明", "Søren", "Jürgen", "John", "Siobhán", "Σοφία", "دانا"]
SURNAMES = ["Müller", "Nowak", "García", "O'Neill", "Шевченко", "王", "Smith", "Ødegård", "Çelik", "van den Berg"]
TITLES = ["Analyst", "Manager", "Engineer", "Clerk", "Director"]


class Seeder:
    """Adds what is not there yet; commits now and then, for one big transaction would hold every index in memory."""

    def __init__(self, conf, password):
        lp = LoadParm()
        lp.load(conf)
        lp.set("log level", "0")  # no audit lines for the seed itself
        options = ["batch_mode:1", "transaction_index_cache_size:202481"]
        self.sam = SamDB(url=lp.private_path("sam.ldb"), session_info=system_session(), lp=lp, options=options)
        self.base, self.dns = self.sam.domain_dn(), self.sam.domain_dns_name()
        # Two domains have no object in common.
        self.namespace = NAMESPACE if self.dns == "corp.example" else uuid.uuid5(NAMESPACE, self.dns)
        self.accounts = self._existing("(sAMAccountName=*)", "sAMAccountName")
        self.units = set(self._existing("(objectClass=organizationalUnit)", None).values())
        credentials = Credentials()
        credentials.set_password(password)
        self.nt_hash = bytes(credentials.get_nt_hash())
        self.clear = password.encode("utf-16-le")
        self.now = str(int((time.time() + FILETIME_EPOCH_S) * 10_000_000))
        self.added = self.pending = 0

    def _existing(self, expression, attribute):
        found = self.sam.search(self.base, scope=ldb.SCOPE_SUBTREE, expression=expression, attrs=[attribute or "1.1"])
        return {str(entry[attribute]) if attribute else str(entry.dn): str(entry.dn) for entry in found}

    def _count(self):
        self.added += 1
        self.pending += 1
        if self.pending >= 10000:
            self.sam.transaction_commit()
            self.sam.transaction_start()
            self.pending = 0

    def _guid(self, name):
        return ndr_pack(misc.GUID(str(uuid.uuid5(self.namespace, name))))

    def child(self, cn, parent):
        dn = ldb.Dn(self.sam, "CN=x," + parent)
        dn.set_component(0, "CN", cn)
        return dn

    def unit(self, path):
        dn = path + "," + self.base
        if dn not in self.units:
            record = {"dn": dn, "objectClass": "organizationalUnit", "objectGUID": self._guid(dn)}
            self.sam.add(record, controls=ALLOW_GUID)
            self.units.add(dn)
            self._count()
        return dn

    def add(self, name, cn, parent, controls=(), **attributes):
        """Gives the DN when it was added, None when it was there."""
        if name in self.accounts:
            return None
        dn = self.child(cn, parent)
        record = {"dn": dn, "sAMAccountName": name, "objectGUID": self._guid(name)}
        record.update((key, value) for key, value in attributes.items() if value not in (None, ""))
        self.sam.add(record, controls=ALLOW_GUID + list(controls))
        self.accounts[name] = str(dn)
        self._count()
        return str(dn)

    def password(self, keyed):
        """Full Kerberos keys cost 24 ms of CPU; the NT hash alone costs nothing and serves NTLM, LDAP and RC4."""
        if keyed:
            return {"clearTextPassword": self.clear}
        return {"unicodePwd": self.nt_hash, "pwdLastSet": self.now, "controls": BYPASS_HASHING}

    def account(self, name, cn, parent, keyed=True, **attributes):
        attributes.setdefault("userPrincipalName", "%s@%s" % (name, self.dns))
        attributes.setdefault("userAccountControl", str(NORMAL))
        return self.add(name, cn, parent, objectClass="user", **self.password(keyed), **attributes)

    def group(self, name, kind, parent, members=()):
        known = [self.accounts[member] for member in members if member in self.accounts]
        return self.add(name, name, parent, objectClass="group", groupType=str(kind), member=known or None)

    def change(self, dn, attribute, value, flag=ldb.FLAG_MOD_REPLACE):
        message = ldb.Message(dn if isinstance(dn, ldb.Dn) else ldb.Dn(self.sam, dn))
        message[attribute] = ldb.MessageElement(value, flag, attribute)
        self.sam.modify(message)

    def sid_of(self, name):
        entry = self.sam.search(self.accounts[name], scope=ldb.SCOPE_BASE, attrs=["objectSid"])[0]
        return self.sam.schema_format_value("objectSid", entry["objectSid"][0]).decode()


def add_people(seeder, users, keyed):
    units = [seeder.unit("OU=%s,OU=Staff,OU=Lab" % name) for name in DEPARTMENTS]
    for number in range(1, users + 1):
        name = "u%06d" % number
        if name in seeder.accounts:
            continue
        department = number % len(DEPARTMENTS)
        given, surname = GIVEN[number % 12], SURNAMES[(number // 12) % 10]
        control = NORMAL
        if number % 25 == 0:
            control |= DISABLED
        if number % 40 == 1:
            control |= NO_EXPIRY
        seeder.add(
            name,
            "%s %s %06d" % (given, surname, number),
            units[department],
            objectClass="user",
            userPrincipalName="%s@%s" % (name, seeder.dns),
            givenName=given,
            sn=surname,
            displayName="%s %s" % (given, surname),
            mail="%s@%s" % (name, seeder.dns),
            employeeID="E%06d" % number,
            department=DEPARTMENTS[department],
            title=TITLES[number % 5],
            company="Corp Example",
            manager=seeder.accounts.get("u%06d" % (number // 10)) if number >= 10 else None,
            userAccountControl=str(control),
            **seeder.password(number <= keyed),
        )


def add_special_accounts(seeder, staff, services, restricted):
    """Accounts with something about them that a reader of directories must get right. True when they are new."""
    account, dns = seeder.account, seeder.dns
    account("x.comma", 'Doe, Jane "JD" +1 \\ <x>; #1=', staff)  # every character that a DN must escape
    account("jörg.weiß", "Jörg Weiß", staff, displayName="Jörg Weiß")
    account("x.noupn", "No UPN", staff, userPrincipalName=None)
    account("x.altupn", "Alternative UPN", staff, userPrincipalName="first.last@mail." + dns)
    account("x.twentycharacters00", "Longest logon name", staff)  # 20 is the limit of Active Directory
    account("x.disabled", "Disabled User", staff, userAccountControl=str(NORMAL | DISABLED))
    account("x.expired", "Expired User", staff, accountExpires="130000000000000000")
    account("x.mustchange", "Must Change", staff, keyed=False)
    account("x.smartcard", "Smartcard Required", staff, userAccountControl=str(NORMAL | SMARTCARD))
    account("x.nopreauth", "No Pre-Authentication", staff, userAccountControl=str(NORMAL | NO_PREAUTH))
    account("x.neverexpires", "Never Expires", staff, userAccountControl=str(NORMAL | NO_EXPIRY))
    account(
        "x.multi",
        "Multi Valued",
        staff,
        proxyAddresses=["SMTP:multi@" + dns, "smtp:m2@" + dns],
        description="<script>alert(1)</script> & \"quotes\" 'x'",
        thumbnailPhoto=bytes(range(256)) * 16,
    )
    account("x.hidden1", "Hidden One", restricted)
    account("x.hidden2", "Hidden Two", restricted)
    account("x.primary", "Other Primary Group", staff)
    lasting = str(NORMAL | NO_EXPIRY)
    is_new = account("svc-collector", "svc-collector", services, userAccountControl=lasting)
    account("svc-limited", "svc-limited", services, userAccountControl=lasting)
    account("svc-dirsync", "svc-dirsync", services, userAccountControl=lasting)
    account("svc-web", "svc-web", services, servicePrincipalName=["HTTP/product." + dns, "HTTP/product"])
    return is_new is not None


def add_computers(seeder, computers, workstations, servers):
    for number in range(1, computers + 1):
        is_server = number % 10 == 0
        name = ("SRV%04d" if is_server else "WS%04d") % number
        host = "%s.%s" % (name.lower(), seeder.dns)
        seeder.add(
            name + "$",
            name,
            servers if is_server else workstations,
            objectClass="computer",
            userAccountControl=str(WORKSTATION),
            dNSHostName=host,
            operatingSystem="Windows Server 2022 Standard" if is_server else "Windows 11 Enterprise",
            servicePrincipalName=["HOST/" + name, "HOST/" + host],
            **seeder.password(False),
        )


def add_groups(seeder, parent, users, groups):
    """A person is in a global group, that in a universal one, that in another, and that in a domain-local one."""

    def group(name, kind, members=()):
        return seeder.group(name, kind, parent, members)

    staff = ["u%06d" % number for number in range(1, users + 1)]
    by_department = ["GG-" + name for name in DEPARTMENTS]
    for index, name in enumerate(by_department):
        members = [user for number, user in enumerate(staff, 1) if number % len(DEPARTMENTS) == index]
        group(name, GLOBAL, members)
    group("UG-Business", UNIVERSAL, [by_department[index] for index in (0, 2, 3)])
    group("UG-Tech", UNIVERSAL, [by_department[index] for index in (1, 4, 7)])
    group("UG-Europe", UNIVERSAL, [by_department[index] for index in (5, 6)])
    group("UG-AllStaff", UNIVERSAL, ["UG-Business", "UG-Tech", "UG-Europe"])
    group("DL-Internet-Access", DOMAIN_LOCAL, ["UG-AllStaff", "x.comma", "jörg.weiß"])
    group("DL-VPN", DOMAIN_LOCAL, ["UG-Tech", "x.multi"])
    group("UG-Circular-A", UNIVERSAL, ["x.multi"])
    if group("UG-Circular-B", UNIVERSAL, ["UG-Circular-A"]):
        circle = seeder.accounts["UG-Circular-B"]
        seeder.change(seeder.accounts["UG-Circular-A"], "member", circle, ldb.FLAG_MOD_ADD)
    group("DIST-Newsletter", DISTRIBUTION, staff[:10])
    group("GG-Empty", GLOBAL)
    group("GG-Primary", GLOBAL, ["x.primary"])
    group("GG-Everyone", GLOBAL, staff)
    for number in range(21, groups + 1):  # chains of three
        members = [staff[(number * 7 + offset) % len(staff)] for offset in range(10)] if staff else []
        below = ["GG-Extra-%05d" % (number - 1)] if number % 3 else []
        group("GG-Extra-%05d" % number, UNIVERSAL, members + below)


def finish_accounts(seeder):
    """What cannot be said in an add."""
    seeder.change(seeder.accounts["x.primary"], "primaryGroupID", seeder.sid_of("GG-Primary").rsplit("-", 1)[1])
    seeder.change(seeder.accounts["x.mustchange"], "pwdLastSet", "0")
    partitions = "CN=Partitions,CN=Configuration," + seeder.base
    seeder.change(partitions, "uPNSuffixes", "mail." + seeder.dns, ldb.FLAG_MOD_ADD)
    readers = "CN=Event Log Readers,CN=Builtin," + seeder.base
    seeder.change(readers, "member", seeder.accounts["svc-collector"], ldb.FLAG_MOD_ADD)
    seeder.sam.set_minPwdAge("0")
    seeder.sam.set_maxPwdAge("0")  # or every password expires after 42 days


def finish_rights(seeder, staff, restricted):
    """svc-limited may not look into OU=Restricted; svc-dirsync may replicate changes and see deleted objects."""
    rights = sd_utils.SDUtils(seeder.sam)
    limited, dirsync = seeder.sid_of("svc-limited"), seeder.sid_of("svc-dirsync")
    rights.dacl_add_ace(restricted, "(D;CI;LCLORPRC;;;%s)" % limited)
    for right in ("1131f6aa-9c07-11d1-f79f-00c04fc2dcd2", "89e95b76-444d-4c62-991a-0facbeda640c"):
        rights.dacl_add_ace(seeder.base, "(OA;;CR;%s;;%s)" % (right, dirsync))
    rights.dacl_add_ace("CN=Deleted Objects," + seeder.base, "(A;;LCRP;;;%s)" % dirsync)
    deleted = (("x.deleted1", "Deleted One"), ("x.deleted2", "Gelöscht Zwei"))
    for name, cn in deleted:
        dn = seeder.child(cn, staff)
        record = {"dn": dn, "objectClass": "user", "sAMAccountName": name}
        seeder.sam.add(dict(record, userAccountControl=str(NORMAL | DISABLED)))
        seeder.sam.delete(dn)


def main(conf, users, keyed, groups, computers, password):
    started = time.time()
    seeder = Seeder(conf, password)
    seeder.sam.transaction_start()
    seeder.unit("OU=Lab")
    names = ("Staff", "Groups", "Workstations", "Servers", "Service Accounts", "Restricted")
    staff, group_unit, workstations, servers, services, restricted = (
        seeder.unit("OU=%s,OU=Lab" % name) for name in names
    )
    add_people(seeder, users, keyed)
    is_new = add_special_accounts(seeder, staff, services, restricted)
    add_computers(seeder, computers, workstations, servers)
    add_groups(seeder, group_unit, users, groups)
    seeder.sam.transaction_commit()
    if is_new:
        seeder.sam.transaction_start()
        finish_accounts(seeder)
        seeder.sam.transaction_commit()
        finish_rights(seeder, staff, restricted)
    print("%d objects added in %.1f s" % (seeder.added, time.time() - started))


if __name__ == "__main__":
    main(sys.argv[1], *(int(argument) for argument in sys.argv[2:6]), sys.argv[6])
