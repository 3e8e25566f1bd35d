/** What a stranger who finds the folder should know. Names of machines are left out here too. */
export function recordingReadme(about: {
  readonly startedAt: number;
  readonly forMs: number;
  readonly firewalls: number;
  readonly consent: string | null;
}): string {
  const { startedAt, forMs, firewalls, consent } = about;
  const begin = new Date(startedAt).toISOString();
  const end = new Date(startedAt + forMs).toISOString();
  return `# Recorded queries of a firewall

What ${firewalls === 1 ? "one firewall" : `${firewalls} firewalls`} asked an identity server, and what it answered.
Recorded by \`rollcall-agent srx relay\` from ${begin} to at most ${end}.

Consent: ${consent === null ? "not stated when the recording began. Do not hand this folder on before its owner has agreed." : consent.replaceAll(/[\p{Cc}]/gu, " ")}

Each pair is one question and its answer: \`NNNNNN.ndjson\` for programs, \`NNNNNN.http\` for people. Secrets, tokens and
cookies are numbered placeholders. Names of people, groups, machines and domains are replaced word by word, addresses by
addresses of the documentation ranges, and times are moved; the key of these replacements was never written down.
Names of fields and of parameters stay as they were sent: look through the folder before you hand it on.
`;
}
