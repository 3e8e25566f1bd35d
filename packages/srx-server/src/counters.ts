/** What a listener has done since it was made. Numbers only: no names, no addresses. */
export interface Counters {
  tokens: number;
  batches: number;
  ipQueries: number;
  userQueries: number;
  /** Logons and logoffs that firewalls reported and that were recorded. */
  userReports: number;
  /** Those that were not: outside what the firewall may report, or not to be understood. */
  userReportsRefused: number;
  statusProbes: number;
  unknownShapes: number;
  entriesSent: number;
  /** Entries written with a name that was cut or cleaned, or with more roles than a firewall takes; again with each writing. */
  entriesAltered: number;
  /** Full tables begun: first batches and cursors that could not be gone on from. */
  resends: number;
  /** Refused for what they are: wrong secret, wrong address, malformed token request, revoked. */
  refused: number;
  /** Asked to come back with a new token. */
  tokensNotLive: number;
  throttled: number;
  /** Full tables begun more often than one firewall may: made to wait, or told to come back. */
  paced: number;
  tooLarge: number;
  /** Requests that no parser takes: cut, too slow, not HTTP. */
  malformed: number;
  /** Handshakes that failed. */
  handshakesFailed: number;
  /** Faults of ours: answered 503. */
  failed: number;
}

export function createCounters(): Counters {
  return {
    tokens: 0,
    batches: 0,
    ipQueries: 0,
    userQueries: 0,
    userReports: 0,
    userReportsRefused: 0,
    statusProbes: 0,
    unknownShapes: 0,
    entriesSent: 0,
    entriesAltered: 0,
    resends: 0,
    refused: 0,
    tokensNotLive: 0,
    throttled: 0,
    paced: 0,
    tooLarge: 0,
    malformed: 0,
    handshakesFailed: 0,
    failed: 0,
  };
}
