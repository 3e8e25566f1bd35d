import { spellLength } from "@rollcall/health";
import type { z } from "zod";
import { logonSources } from "../facts/chain-facts.ts";
import type { CustomerFacts } from "../facts/read-facts.ts";
import type { SETUP_STEPS, setupView } from "./setup.schema.ts";

type StepKey = (typeof SETUP_STEPS)[number];
type StepView = z.infer<typeof setupView>["steps"][number];

interface Judged {
  readonly key: StepKey;
  readonly at: Date | null;
  readonly isDone: boolean;
  readonly done: string;
  readonly waiting: string;
  /** Why it does not go on, where that is known. */
  readonly failed: string | null;
}

/** The six steps of a new customer, told from data alone. */
export function setupSteps(facts: CustomerFacts): StepView[] {
  const judged = [
    fileMade(facts),
    fileRead(facts),
    connected(facts),
    sourceAnswering(facts),
    firstPerson(facts),
    firstFirewall(facts),
  ];
  const current = judged.find((step) => !step.isDone);
  return judged.map((step) => {
    const state = step.isDone
      ? "done"
      : step !== current
        ? "waiting"
        : step.failed === null
          ? "current"
          : "failed";
    const sentence = step.isDone
      ? step.done
      : state === "failed"
        ? (step.failed ?? step.waiting)
        : step.waiting;
    return { key: step.key, state, sentence, at: step.isDone ? step.at : null };
  });
}

export function setupProgress(facts: CustomerFacts): { done: number; of: number } {
  const steps = setupSteps(facts);
  return { done: steps.filter((step) => step.state === "done").length, of: steps.length };
}

function fileMade({ enrolments, agents }: CustomerFacts): Judged {
  const first = earliest(enrolments.map((one) => one.createdAt));
  return {
    key: "file-made",
    isDone: first !== null || agents.length > 0,
    at: first ?? earliest(agents.map((agent) => agent.enrolledAt)),
    done: "The onboarding file was made.",
    waiting: "Make an onboarding file for the site's agent.",
    failed: null,
  };
}

function fileRead({ enrolments, agents, now }: CustomerFacts): Judged {
  const read = earliest(
    enrolments.flatMap((one) => [one.fileReadAt, one.usedAt].filter((at) => at !== null)),
  );
  const newest = enrolments[0];
  const refusal = newest?.usedAt === null ? newest.lastRefusal : null;
  const isOver = newest !== undefined && newest.usedAt === null && newest.notAfter.getTime() <= now;
  return {
    key: "file-read",
    isDone: read !== null || agents.length > 0,
    at: read ?? earliest(agents.map((agent) => agent.enrolledAt)),
    done: "The agent has read its file and reached the portal.",
    waiting: "Run the command on the server: rollcall-agent enroll FILE.",
    failed: refusal ?? (isOver ? "The file has expired. Make a new one." : null),
  };
}

function connected({ enrolments, agents }: CustomerFacts): Judged {
  const seen = agents.filter((agent) => agent.lastSeenAt !== null);
  const newest = enrolments[0];
  return {
    key: "connected",
    isDone: seen.length > 0,
    at: earliest(seen.map((agent) => agent.enrolledAt)),
    done: `${seen[0]?.name ?? "The agent"} is enrolled and has connected.`,
    waiting:
      agents.length > 0 ? "Start the agent: rollcall-agent run." : "The agent asks for its certificate.",
    failed:
      newest !== undefined && newest.usedAt === null && newest.fileReadAt !== null
        ? newest.lastRefusal
        : null,
  };
}

function sourceAnswering(facts: CustomerFacts): Judged {
  const { agents, directories, hasChanges } = facts;
  const known = new Set(
    [...directories, ...logonSources(facts).map(({ record }) => record)].map((source) => source.id),
  );
  const said = agents
    .flatMap((agent) => agent.report?.health.sources ?? [])
    .filter((source) => known.has(source.id));
  const answering = said.filter((source) => source.state === "ok" || source.state === "degraded");
  const broken = said.find((source) => source.state === "broken");
  return {
    key: "source-answering",
    isDone: answering.length > 0 || hasChanges,
    at: earliest(answering.map((source) => new Date(source.since))),
    done: `${answering[0]?.name ?? "A source"} answers.`,
    waiting:
      known.size === 0
        ? "Add a directory and a source of logons."
        : "Waiting for the first answer: the agent takes up a new source within seconds.",
    failed: broken ? `${broken.name}: ${broken.sentence}` : null,
  };
}

function firstPerson(facts: CustomerFacts): Judged {
  const { people, hasChanges, firstChangeAt } = facts;
  return {
    key: "first-person",
    isDone: people.live > 0 || hasChanges,
    at: firstChangeAt,
    done: people.live > 0 ? `${people.live} known now.` : "The first person was identified.",
    waiting:
      logonSources(facts).length === 0
        ? "Add a source of logons: a directory alone does not say who is where."
        : "Waiting for the first logon.",
    failed: null,
  };
}

function firstFirewall({ points, firstAnsweredAt, createdAt }: CustomerFacts): Judged {
  const contacts = points.flatMap((point) =>
    point.contacts.map(({ contact }) => ({ name: point.name, contact })),
  );
  const answered = contacts.filter(({ contact }) => contact.entriesSent > 0);
  const at =
    firstAnsweredAt ??
    earliest(answered.flatMap(({ contact }) => contact.told.map((one) => new Date(one.at))));
  const refusal = contacts.find(
    ({ contact }) => contact.lastTokenAt === null && contact.lastRefusal !== null,
  );
  const took =
    at === null ? "" : ` ${spellLength(at.getTime() - createdAt.getTime())} after the customer was added`;
  return {
    key: "first-firewall",
    isDone: answered.length > 0 || firstAnsweredAt !== null,
    at,
    done: `${answered[0]?.name ?? "A firewall"} was told the first person${took}.`,
    waiting:
      points.length === 0
        ? "Add an enforcement point and paste its Junos lines."
        : "Waiting for the firewall to ask.",
    failed: refusal ? `${refusal.name} is refused: ${refusal.contact.lastRefusal}` : null,
  };
}

function earliest(dates: readonly Date[]): Date | null {
  return dates.length === 0 ? null : new Date(Math.min(...dates.map((date) => date.getTime())));
}
