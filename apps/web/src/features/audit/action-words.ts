/** The actions that are audited, as a person says them. */
const WORDS: Readonly<Record<string, string>> = {
  "agent.enrol": "Agent enrolled",
  "agent.enrolment.issue": "Onboarding file made",
  "agent.enrolment.revoke": "Onboarding file revoked",
  "agent.firewall-certificate": "Agent given a certificate for firewalls",
  "agent.firewall-names.set": "Agent's names for firewalls set",
  "agent.lock": "Agent locked",
  "agent.revoke": "Agent revoked",
  "agent.stream-begun-anew": "Agent began its stream anew",
  "agent.command.test-source": "Source tested at the agent",
  "agent.command.look-up-address": "Address looked up at the agent",
  "agent.command.push-resync": "Firewall sent everything anew",
  "agent.command.resume-credential": "Paused login tried once more",
  "agent.command.tail": "Lines tailed at the agent",
  "audit.export": "Audit log exported",
  "customer.add": "Customer added",
  "customer.settings": "Settings changed",
  "directory.add": "Directory added",
  "directory.remove": "Directory removed",
  "directory.update": "Directory changed",
  "filter.add": "Filter added",
  "filter.remove": "Filter removed",
  "filter.update": "Filter changed",
  "mark.add": "Addresses marked",
  "mark.remove": "Mark removed",
  "mark.update": "Mark changed",
  "point.add": "Firewall added",
  "point.junos.copy": "Junos lines copied",
  "point.learn.start": "Firewall set to learn",
  "point.learn.stop": "Learning stopped",
  "point.push.poster": "Another agent posts to a firewall",
  "point.push.resync": "Firewall sent everything anew",
  "point.push.set": "Push to a firewall set up",
  "point.push.stop": "Push to a firewall stopped",
  "point.remove": "Firewall removed",
  "point.secret-expire": "Old client secret ended",
  "point.secret.revoke": "Client secret revoked",
  "point.secret.rotate": "Client secret rotated",
  "point.update": "Firewall changed",
  "profile.add": "Profile added",
  "profile.remove": "Profile removed",
  "profile.update": "Profile changed",
  "site.add": "Site added",
  "suggestion.approve": "Suggestion approved",
  "suggestion.dismiss": "Suggestion dismissed",
  "suggestion.undo": "Decision on a suggestion taken back",
  "syslog-source.add": "Syslog source added",
  "syslog-source.remove": "Syslog source removed",
  "syslog-source.rules.save": "Syslog rules saved",
  "syslog-source.update": "Syslog source changed",
};

/** An action in words. Shape: what has no words yet is shown as it was recorded, never hidden. */
export function actionWords(action: string): string {
  const known = WORDS[action];
  if (known !== undefined) return known;
  const spaced = action.replace(/[-_]/g, " ").replace(/\./g, ": ");
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

/** Kinds of objects that entries speak of, to choose from. */
export const OBJECT_KINDS: readonly { readonly value: string; readonly label: string }[] = [
  { value: "agent", label: "Agents" },
  { value: "enrolment", label: "Onboarding files" },
  { value: "directory", label: "Directories" },
  { value: "syslog-source", label: "Syslog sources" },
  { value: "filter", label: "Filters" },
  { value: "enforcement-point", label: "Enforcement points" },
  { value: "profile", label: "Profiles" },
  { value: "mark", label: "Marked addresses" },
  { value: "suggestion", label: "Suggestions" },
  { value: "site", label: "Sites" },
  { value: "customer", label: "The customer" },
];
