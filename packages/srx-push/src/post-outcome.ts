/** What became of one post on the wire. */
export type PostOutcome =
  | { readonly kind: "answered"; readonly status: number; readonly retryAfterMs: number | null }
  /** No answer: no connection, no trust in the certificate, cut, too late. It may have arrived all the same. */
  | { readonly kind: "no-answer"; readonly sentence: string }
  /** It was not sent, because it may not be sent there. */
  | { readonly kind: "not-sent"; readonly sentence: string };

/** What it means for what comes next. */
export type PostVerdict =
  | { readonly kind: "stored" }
  /** The firewall cannot read it: the same post would fare the same. */
  | { readonly kind: "malformed"; readonly status: number }
  /** It may pass by itself. */
  | {
      readonly kind: "later";
      readonly sentence: string;
      readonly isBusy: boolean;
      readonly waitMs: number | null;
    }
  /** It passes when a person has changed something. */
  | { readonly kind: "refused"; readonly sentence: string };

/**
 * Judges an outcome.
 *
 * Source: docs/protocol/srx-push.md, "the answers" (200, 400 and 503 inferred from how public senders treat them; 401
 *         and all others assumed).
 */
export function judge(outcome: PostOutcome): PostVerdict {
  switch (outcome.kind) {
    case "no-answer":
      return { kind: "later", sentence: outcome.sentence, isBusy: false, waitMs: null };
    case "not-sent":
      return { kind: "refused", sentence: outcome.sentence };
    case "answered":
      return judgeStatus(outcome.status, outcome.retryAfterMs);
  }
}

function judgeStatus(status: number, waitMs: number | null): PostVerdict {
  const refused = (sentence: string): PostVerdict => ({ kind: "refused", sentence });
  if (status >= 200 && status < 300) return { kind: "stored" };
  switch (status) {
    case 400:
    case 413:
    case 422:
      return { kind: "malformed", status };
    case 401:
      return refused(
        "The firewall refuses the Web API user or its password (401): type both again here and on the firewall.",
      );
    case 403:
      return refused(
        "The firewall does not let this address post (403): add it with `set system services webapi client`.",
      );
    case 404:
    case 405:
      return refused(
        `No Web API answers there (${status}): check the port, and \`system services webapi\` on the firewall.`,
      );
    case 415:
      return refused("The firewall takes no XML there (415): the address is not that of its Web API.");
  }
  if (status >= 300 && status < 400)
    return refused(
      `The address points elsewhere (${status}), which is not followed: write the Web API's own.`,
    );
  if (status === 503)
    return {
      kind: "later",
      sentence: "The firewall is busy (503) and is asked again.",
      isBusy: true,
      waitMs,
    };
  return {
    kind: "later",
    sentence: `The firewall answers ${status}; it is tried again.`,
    isBusy: status === 429,
    waitMs,
  };
}
