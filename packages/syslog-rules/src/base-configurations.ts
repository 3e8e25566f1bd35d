import type { RuleAttribute, RulePattern, RuleSequence } from "./rule-types.ts";

/** A sequence as a person may take it over and change it; every field that the site's configuration asks for. */
export interface BaseSequence extends RuleSequence {
  readonly description: string;
  readonly startingTimeMinutes: number;
  readonly patterns: RulePattern[];
  readonly positiveSamples: string[];
  readonly negativeSamples: string[];
}

/** Ready-made sequences for one kind of sender, to begin from. */
export interface BaseConfiguration {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** How sure the format is. `captured`: lines of our own lab; `public logs`: lines that others published. */
  readonly basis: "captured" | "public logs" | "example";
  readonly sequences: readonly BaseSequence[];
}

type PatternOverrides = Partial<Omit<RulePattern, "attribute" | "pattern">>;

function take(attribute: RuleAttribute, pattern: string, overrides: PatternOverrides = {}): RulePattern {
  return { attribute, pattern, returnCount: 1, normalise: "none", optional: false, ...overrides };
}

type SequenceParts = Pick<
  BaseSequence,
  "id" | "ordinal" | "kind" | "description" | "trigger" | "patterns" | "positiveSamples" | "negativeSamples"
>;

function sequence(parts: SequenceParts): BaseSequence {
  return { ...parts, matchSourceIp: false, startingTimeMinutes: 0 };
}

/** `alice`, `alice@corp.example` and `CORP\alice` after the same words: three alternatives, the split one first. */
function anyUser(before: string, end: string): RulePattern[] {
  return [
    take("user", `${before}([^\\s,;"@\\\\]+\\\\+[^\\s,;"@\\\\]+)${end}`, { normalise: "domain-user" }),
    take("user", `${before}([^\\s,;"@\\\\]+@[^\\s,;"@\\\\]+)${end}`, { normalise: "upn" }),
    take("user", `${before}([^\\s,;"@\\\\]+)${end}`),
  ];
}

const JUNOS_UP =
  "iked[14162]: IKE_VPN_UP_ALARM_USER: VPN jsc-vpn from 203.0.113.43 is up. Local-ip: 198.51.100.174, gateway name: jsc-gw, vpn name: jsc-vpn, tunnel-id: 500053, tunnel type: regular-tunnel, local tunnel-if: st0.0, remote tunnel-ip: Not-Available, Local IKE-ID: vpn.corp.example, Remote IKE-ID: jsc@corp.example, AAA username: alice, VR id: root, Traffic-selector: ts0, Traffic-selector local ID: ipv4(0,0-65535,0.0.0.0-255.255.255.255) , Traffic-selector remote ID: ipv4(0,0-65535,10.20.31.77-10.20.31.77) , SA Type: dynamic";
const JUNOS_UP_OLD =
  "Aug  3 10:18:44  srx1 kmd[14162]: KMD_VPN_UP_ALARM_USER: VPN jsc-vpn from 203.0.113.43 is up. Local-ip: 198.51.100.50, gateway name: jsc-gw, vpn name: jsc-vpn, tunnel-id: 131073, local tunnel-if: st0.0, remote tunnel-ip: 2.1.168.192, Local IKE-ID: 198.51.100.50, Remote IKE-ID: jsc, AAA username: CORP\\alice, VR id: 0, Traffic-selector: , Traffic-selector local ID: ipv4_subnet(any:0,[0..7]=0.0.0.0/0), Traffic-selector remote ID: ipv4(any:0,[0..3]=10.20.31.77), SA Type: Dynamic";
const JUNOS_SITE_TO_SITE =
  "Aug  3 10:18:44  srx1 kmd[14162]: KMD_VPN_UP_ALARM_USER: VPN ipsec-vpn-1 from 203.0.113.203 is up. Local-ip: 198.51.100.50, gateway name: gtw-A, vpn name: ipsec-vpn-1, tunnel-id: 131073, local tunnel-if: st0.0, remote tunnel-ip: 2.1.168.192, Local IKE-ID: 198.51.100.50, Remote IKE-ID: 203.0.113.203, AAA username: Not-Applicable, VR id: 0, Traffic-selector: , Traffic-selector local ID: ipv4(any:0,[0..3]=10.0.0.1), Traffic-selector remote ID: ipv4(any:0,[0..3]=10.0.1.1), SA Type: Static";

const juniperSecureConnect: BaseConfiguration = {
  id: "juniper-secure-connect",
  name: "Juniper Secure Connect",
  description:
    "An SRX says who came in over Juniper Secure Connect and which tunnel address that person was given. Needs `set system syslog host … daemon info` on the SRX.",
  basis: "public logs",
  sequences: [
    sequence({
      id: "jsc-up",
      ordinal: 1,
      kind: "begin",
      description: "VPN up",
      trigger: "(?:IKE|KMD)_VPN_UP_ALARM_USER: .* AAA username: ",
      patterns: [
        ...anyUser("AAA username: ", ","),
        take(
          "ip",
          "Traffic-selector remote ID: ipv[46]\\((?:[^()]*[=,])?([0-9a-fA-F.:]+)(?:-[0-9a-fA-F.:]+)?\\)",
        ),
        take("correlator", "tunnel-id: (\\d+)", { optional: true }),
      ],
      positiveSamples: [
        JUNOS_UP,
        JUNOS_UP_OLD,
        JUNOS_UP.replace("username: alice", "username: alice@corp.example"),
      ],
      negativeSamples: [JUNOS_SITE_TO_SITE, JUNOS_UP.replace("_UP_", "_DOWN_")],
    }),
    sequence({
      id: "jsc-down",
      ordinal: 2,
      kind: "end",
      description: "VPN down",
      trigger: "(?:IKE|KMD)_VPN_DOWN_ALARM_USER: .* AAA username: ",
      patterns: [
        ...anyUser("AAA username: ", ","),
        take(
          "ip",
          "Traffic-selector remote ID: ipv[46]\\((?:[^()]*[=,])?([0-9a-fA-F.:]+)(?:-[0-9a-fA-F.:]+)?\\)",
        ),
        take("correlator", "tunnel-id: (\\d+)", { optional: true }),
      ],
      positiveSamples: [
        `${JUNOS_UP.replace("_UP_", "_DOWN_").replace("is up", "is down")}, Reason: IPSec SA delete payload received from peer`,
        JUNOS_UP_OLD.replace("_UP_", "_DOWN_").replace("is up", "is down"),
      ],
      negativeSamples: [JUNOS_UP, JUNOS_SITE_TO_SITE.replace("_UP_", "_DOWN_")],
    }),
  ],
};

const freeradius: BaseConfiguration = {
  id: "freeradius-linelog",
  name: "FreeRADIUS accounting (linelog)",
  description:
    "The linelog module of FreeRADIUS writes one line for each accounting Start, Interim-Update and Stop: `radius acct start user=%{User-Name} ip=%{Framed-IP-Address} session=%{Acct-Session-Id}`.",
  basis: "captured",
  sequences: [
    sequence({
      id: "radius-start",
      ordinal: 1,
      kind: "begin",
      description: "Accounting start and interim update",
      trigger: "radius acct (?:start|interim) ",
      patterns: [
        ...anyUser("\\buser=", "(?:\\s|$)"),
        take("ip", "\\bip=(\\S+)"),
        take("correlator", "\\bsession=(\\S+)", { optional: true }),
      ],
      positiveSamples: [
        "2026-11-21 19:59:11 radius acct start user=CORP\\alice ip=10.1.2.3 mac=00-11-22-33-44-55 nas=10.0.0.1 session=5F0001",
        "2026-11-21 19:59:11 radius acct interim user=CORP\\alice ip=10.1.2.9 session=5F0001",
        "radius acct start user=alice@corp.example ip=2001:db8::9 session=5F0002",
      ],
      negativeSamples: [
        "2026-11-21 19:59:11 radius acct stop user=CORP\\alice ip=10.1.2.9 session=5F0001 time=1200",
        "2026-11-21 19:59:11 radius acct start user=alice ip= session=5F0001",
      ],
    }),
    sequence({
      id: "radius-stop",
      ordinal: 2,
      kind: "end",
      description: "Accounting stop",
      trigger: "radius acct stop ",
      patterns: [
        ...anyUser("\\buser=", "(?:\\s|$)").map((pattern) => ({ ...pattern, optional: true })),
        take("ip", "\\bip=(\\S+)"),
        take("correlator", "\\bsession=(\\S+)", { optional: true }),
      ],
      positiveSamples: [
        "2026-11-21 19:59:11 radius acct stop user=CORP\\alice ip=10.1.2.9 session=5F0001 time=1200",
      ],
      negativeSamples: ["2026-11-21 19:59:11 radius acct start user=CORP\\alice ip=10.1.2.3 session=5F0001"],
    }),
  ],
};

const openvpn: BaseConfiguration = {
  id: "openvpn",
  name: "OpenVPN server",
  description:
    "The server's own log (`verb 3`): the common name of the client's certificate, and the tunnel address that it was given. The end is found by the connection, because OpenVPN does not repeat the tunnel address.",
  basis: "public logs",
  sequences: [
    sequence({
      id: "openvpn-up",
      ordinal: 1,
      kind: "begin",
      description: "Tunnel address given",
      trigger: "MULTI: primary virtual IP for ",
      patterns: [
        take("user", "primary virtual IP for ([^/@\\s]+@[^/@\\s]+)/", { normalise: "upn" }),
        take("user", "primary virtual IP for ([^/@\\s]+)/"),
        take("ip", "primary virtual IP for \\S+: ([0-9a-fA-F.:]+)"),
        take("correlator", "primary virtual IP for (\\S+): "),
      ],
      positiveSamples: [
        "Nov 21 20:02:05 vpn1 openvpn[812]: alice/203.0.113.7:51820 MULTI: primary virtual IP for alice/203.0.113.7:51820: 10.8.0.6",
        "alice@corp.example/203.0.113.7:51820 MULTI: primary virtual IP for alice@corp.example/203.0.113.7:51820: 10.8.0.6",
      ],
      negativeSamples: [
        "alice/203.0.113.7:51820 MULTI: Learn: 10.8.0.6 -> alice/203.0.113.7:51820",
        "203.0.113.7:51820 [alice] Peer Connection Initiated with [AF_INET]203.0.113.7:51820",
      ],
    }),
    sequence({
      id: "openvpn-down",
      ordinal: 2,
      kind: "end",
      description: "Client gone",
      trigger: "/\\S+:\\d+ SIG(?:TERM|USR1)\\[[^\\]]*\\] received, client-instance (?:exiting|restarting)",
      patterns: [
        take("user", "([^/@\\s]+@[^/@\\s]+)/\\S+:\\d+ SIG", { normalise: "upn" }),
        take("user", "([^/@\\s]+)/\\S+:\\d+ SIG"),
        take("correlator", "(\\S+/\\S+:\\d+) SIG"),
      ],
      positiveSamples: [
        "Nov 21 20:12:05 vpn1 openvpn[812]: alice/203.0.113.7:51820 SIGTERM[soft,remote-exit] received, client-instance exiting",
        "alice/203.0.113.7:51820 SIGUSR1[soft,ping-restart] received, client-instance restarting",
      ],
      negativeSamples: ["SIGTERM[hard,] received, process exiting"],
    }),
  ],
};

const SAMBA_LDAP =
  'samba  {"timestamp": "2026-11-21T20:02:05.627696+0000", "type": "Authentication", "Authentication": {"version": {"major": 1, "minor": 2}, "eventId": 4624, "logonId": "0", "logonType": 8, "status": "NT_STATUS_OK", "localAddress": "ipv4:10.0.0.10:636", "remoteAddress": "ipv4:10.0.5.17:59838", "serviceDescription": "LDAP", "authDescription": "simple bind/TLS", "clientDomain": "CORP", "clientAccount": "j\u00f6rg.wei\u00df@corp.example", "workstation": "DC1", "becameAccount": "j\u00f6rg.wei\u00df", "becameDomain": "CORP", "becameSid": "S-1-5-21-1004336348-1177238915-682003330-1304", "mappedAccount": "j\u00f6rg.wei\u00df", "mappedDomain": "CORP", "passwordType": "Plaintext", "duration": 2300}}';
const SAMBA_SMB = SAMBA_LDAP.replace('"LDAP"', '"SMB2"').replace('"simple bind/TLS"', '"NTLMSSP"');
const SAMBA_KERBEROS = SAMBA_LDAP.replace('"LDAP"', '"Kerberos KDC"').replace(
  '"simple bind/TLS"',
  '"ENC-TS Pre-authentication"',
);
const SAMBA_DEVICE = SAMBA_KERBEROS.replace(
  '"becameAccount": "j\u00f6rg.wei\u00df"',
  '"becameAccount": "WS0001$"',
);
const SAMBA_TRIGGER =
  '"type": "Authentication", .*"status": "NT_STATUS_OK", .*"serviceDescription": "(?:LDAP|SMB2?|Kerberos KDC)", ';
const SAMBA_ADDRESS = '"remoteAddress": "ipv[46]:([0-9a-fA-F.:]+):\\d+"';

const samba: BaseConfiguration = {
  id: "samba-auth-json",
  name: "Samba AD authentication log (JSON)",
  description:
    "A Samba domain controller with `log level = 1 auth_json_audit:3@/var/log/samba/auth.json`, forwarded line by line: successful LDAP, SMB and Kerberos logons of people and of computers.",
  basis: "captured",
  sequences: [
    sequence({
      id: "samba-user",
      ordinal: 1,
      kind: "begin",
      description: "A person logged on",
      trigger: SAMBA_TRIGGER,
      patterns: [
        take("user", '"becameAccount": "([^"$]+)"'),
        take("domain", '"becameDomain": "([^"]+)"'),
        take("ip", SAMBA_ADDRESS),
      ],
      positiveSamples: [
        SAMBA_LDAP,
        SAMBA_SMB,
        SAMBA_KERBEROS,
        SAMBA_LDAP.replace("ipv4:10.0.5.17:59838", "ipv6:2001:db8::17:59838"),
      ],
      negativeSamples: [
        SAMBA_LDAP.replace("NT_STATUS_OK", "NT_STATUS_WRONG_PASSWORD"),
        SAMBA_LDAP.replace('"ipv4:10.0.5.17:59838"', '"unix:"'),
        SAMBA_LDAP.replaceAll('"Authentication"', '"Authorization"'),
        SAMBA_DEVICE,
      ],
    }),
    sequence({
      id: "samba-device",
      ordinal: 2,
      kind: "begin",
      description: "A computer logged on",
      trigger: SAMBA_TRIGGER,
      patterns: [
        take("device", '"becameAccount": "([^"$]+)\\$"'),
        take("domain", '"becameDomain": "([^"]+)"'),
        take("ip", SAMBA_ADDRESS),
      ],
      positiveSamples: [SAMBA_DEVICE],
      negativeSamples: [SAMBA_LDAP],
    }),
  ],
};

const keyValue: BaseConfiguration = {
  id: "key-value",
  name: "user=… ip=…",
  description:
    "Any sender that writes `login user=NAME ip=ADDRESS` and `logout user=NAME ip=ADDRESS`; a starting point for one's own.",
  basis: "example",
  sequences: [
    sequence({
      id: "login",
      ordinal: 1,
      kind: "begin",
      description: "Login",
      trigger: "(?i)\\b(?:login|logon|logged in|logged on|connected|session-start)\\b.*\\buser=",
      patterns: [
        ...anyUser('\\buser="?', '(?:["\\s,;]|$)'),
        take("ip", '\\bip="?([0-9a-fA-F.:]+)'),
        take("domain", '\\bdomain="?([^"\\s,;]+)', { optional: true }),
        take("correlator", '\\b(?:session|sessionid|id)="?([^"\\s,;]+)', { optional: true }),
      ],
      positiveSamples: [
        "gate1 auth: login user=alice ip=10.1.2.3",
        'gate1 auth: Logged in user="CORP\\alice" ip="10.1.2.3" session="77"',
        "gate1 auth: connected user=alice@corp.example ip=2001:db8::7",
      ],
      negativeSamples: [
        "gate1 auth: logout user=alice ip=10.1.2.3",
        "gate1 auth: disconnected user=alice ip=10.1.2.3",
        "gate1 auth: login user=alice ip=somewhere",
      ],
    }),
    sequence({
      id: "logout",
      ordinal: 2,
      kind: "end",
      description: "Logout",
      trigger: "(?i)\\b(?:logout|logoff|logged out|logged off|disconnected|session-end)\\b.*\\bip=",
      patterns: [
        ...anyUser('\\buser="?', '(?:["\\s,;]|$)').map((pattern) => ({ ...pattern, optional: true })),
        take("ip", '\\bip="?([0-9a-fA-F.:]+)'),
        take("domain", '\\bdomain="?([^"\\s,;]+)', { optional: true }),
        take("correlator", '\\b(?:session|sessionid|id)="?([^"\\s,;]+)', { optional: true }),
      ],
      positiveSamples: [
        "gate1 auth: logout user=alice ip=10.1.2.3",
        "gate1 auth: disconnected user=CORP\\alice ip=10.1.2.3 session=77",
        "gate1 auth: session-end ip=10.1.2.3",
      ],
      negativeSamples: ["gate1 auth: login user=alice ip=10.1.2.3"],
    }),
  ],
};

/** The shipped base configurations, in the order in which a person is offered them. */
export const baseConfigurations: readonly BaseConfiguration[] = [
  juniperSecureConnect,
  freeradius,
  openvpn,
  samba,
  keyValue,
];
