const VERBS: Readonly<Record<string, string>> = {
  add: "added",
  create: "added",
  created: "added",
  update: "changed",
  change: "changed",
  remove: "removed",
  delete: "removed",
  revoke: "revoked",
  rotate: "rotated",
  issue: "issued",
  export: "exported",
  start: "started",
  enrol: "enrolled",
  copy: "copied",
  set: "set",
  save: "saved",
};

/**
 * An audited action as a person says it: `directory.add` gives "Directory added", `syslog-source.save-sequences` gives
 * "Syslog source: save sequences". What is not known is shown as it was recorded, never hidden.
 */
export function actionWords(action: string): string {
  const [object = "", verb = ""] = splitOnce(action, ".");
  const subject = sentence(object);
  if (verb === "") return subject;
  const known = VERBS[verb];
  return known === undefined ? `${subject}: ${verb.replace(/[-_.]/g, " ")}` : `${subject} ${known}`;
}

function splitOnce(text: string, at: string): [string, string] {
  const index = text.indexOf(at);
  return index < 0 ? [text, ""] : [text.slice(0, index), text.slice(index + 1)];
}

function sentence(words: string): string {
  const spaced = words.replace(/[-_]/g, " ");
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}
