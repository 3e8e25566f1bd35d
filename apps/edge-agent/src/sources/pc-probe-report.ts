import { isAnswered, type Probed } from "@rollcall/collectors/pc-probe";

/** What a person is told of one probe, in the portal and at the machine. */
export interface ProbeReport {
  readonly outcome: string;
  readonly sentence: string;
  /** `DOMAIN\\user`; null where nobody is named. */
  readonly user: string | null;
  readonly computer: string | null;
}

const EMPTY = {
  nobody: "Nobody is logged on there.",
  "local-account": "Somebody is logged on with an account of that computer, who is nobody of a domain.",
  several: "Several people are logged on there: none of them is named.",
} as const;

export function reportOf(probed: Probed): ProbeReport {
  if (probed.kind === "not-asked")
    return { outcome: "not-asked", sentence: `Not asked: ${probed.sentence}`, user: null, computer: null };
  const { answer, by } = probed;
  if (!isAnswered(answer))
    return { outcome: answer.kind, sentence: answer.sentence, user: null, computer: null };
  const { name, domain } = answer.computer;
  const computer = domain === null ? name : `${name}.${domain}`;
  const how = by === null ? "" : ` (by ${by.method === "wmi" ? "WMI" : "WinRM"}, with ${by.credentialId})`;
  if (answer.kind === "nobody")
    return { outcome: "nobody", sentence: `${EMPTY[answer.because]}${how}`, user: null, computer };
  const user = `${answer.user.domain}\\${answer.user.name}`;
  return { outcome: "user", sentence: `${user} sits there${how}.`, user, computer };
}
