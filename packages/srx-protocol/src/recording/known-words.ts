/**
 * Words of the protocol and its relatives: what may be written as it was sent, because it names no person and no machine.
 * Everything else a recording replaces. A word is added here only where nobody could be called that.
 */
const VALUE_WORDS = `
  logon logoff login logout signin signout connect connected disconnect disconnected rekey update updated refresh expire
  expired terminate online offline active inactive valid invalid pending init true false yes no none null unknown
  healthy checkup transition quarantine quarantined infected compliant noncompliant
  ok error errors success failed failure bearer basic client credentials invalid_client invalid_token invalid_request
  invalid_grant unauthorized_client unsupported_grant_type unsupported wrong secret token grant type password
  jims rollcall srx junos juniper push active directory ad ldap syslog radius kerberos security event log probe clearpass
  captive portal secure connect vpn dhcp wmi winrm json xml utf text application form urlencoded
  windows linux macos ios android chrome os server pro enterprise home
  read write query batch
`;

const FIELD_WORDS = `
  a an and api at by of for from in is on or to the
  access account activity action added address addresses age answer attribute attributes auth authentication begin body
  build category change changed changes class client code computer content context cookie count created cursor data date
  description detail details device devices display dn domain domains email end endpoint endpoints entries entry error
  event events exclude expires expiry fields filter first force group groups guid health host hostname hosts id identity
  ident include info interval ip ipaddress ips ipv4 ipv6 item items jims key kind last level limit list login logout mac
  machine mail max member members message meta method model more name names netbios network next number object offset
  online operation operations os page param params path payload port posture principal probe profile query reason record
  records refresh region report reports request response result results role roles sam samaccountname scope seconds seq
  sequence server session sessions set sid since size source spt start state status tag tags tenant time timeout timestamp
  timestamps token total ts type types ua upn uid update updated updates uri url user userfw username users uuid v1 v2 v3
  valid value values vendor version xml
  v1 v2 v3 oauth oauth2 token insight userfw post begintime entrycount endtime
  expires_in access_token token_type client_id client_secret grant_type
`;

/** Words of the reason phrases that are registered. Source: IANA, HTTP status codes (documented). */
const REASON_PHRASES = `
  ok created accepted non authoritative information no content reset partial multiple choices moved permanently found see
  other not modified use proxy temporary permanent redirect bad request unauthorized payment required forbidden method
  allowed acceptable authentication timeout conflict gone length precondition failed too large entity uri long
  unsupported media type range satisfiable expectation misdirected unprocessable locked dependency early upgrade many
  requests header fields unavailable for legal reasons internal server error implemented gateway service http version
  supported variant also negotiates insufficient storage loop detected extended network i m a teapot
`;

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

export const KNOWN_VALUE_WORDS: ReadonlySet<string> = new Set(wordsOf(VALUE_WORDS));
export const KNOWN_NAME_WORDS: ReadonlySet<string> = new Set([
  ...wordsOf(VALUE_WORDS),
  ...wordsOf(FIELD_WORDS),
]);

export const REASON_WORDS: ReadonlySet<string> = new Set(wordsOf(REASON_PHRASES));

/** The words of a text, in lower case: runs of letters and digits, and the humps of `camelCase`. */
export function splitWords(text: string): string[] {
  return text
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}\p{M}\p{N}]+/u)
    .filter((word) => word !== "");
}
