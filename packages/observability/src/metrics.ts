/**
 * The name of every metric, in one place, so that a chart, an alert and the code that counts agree.
 * Pattern: `<room>_<what>_<unit or total>`. Labels never carry a person's name or address.
 */
export const METRICS = {
  collectorRecordsReceived: "collector_records_received_total",
  collectorRecordsMatched: "collector_records_matched_total",
  collectorRecordsUnmatched: "collector_records_unmatched_total",
  collectorRecordsRejected: "collector_records_rejected_total",
  collectorRecordsDropped: "collector_records_dropped_total",
  collectorObservations: "collector_observations_total",
  collectorLag: "collector_lag_ms",
  collectorLastActivity: "collector_last_activity_ms",
  syslogConnections: "syslog_connections",
  syslogUnknownSenderLines: "syslog_unknown_sender_lines_total",
  directoryPrincipals: "directory_principals",
  directoryReadDuration: "directory_read_duration_ms",
  directoryReads: "directory_reads_total",
  sessionTableSize: "session_table_size",
  sessionTableRevision: "session_table_revision",
  spoolPending: "spool_pending_items",
  spoolBytes: "spool_bytes",
  uplinkBatches: "uplink_batches_total",
  uplinkAckLag: "uplink_ack_lag_ms",
  ingestItems: "ingest_items_total",
  ingestDeadLetters: "ingest_dead_letters_total",
  ingestCommitDuration: "ingest_commit_duration_ms",
  replicaLag: "replica_lag_ms",
  srxTokens: "srx_tokens_total",
  srxBatches: "srx_batches_total",
  srxIpQueries: "srx_ip_queries_total",
  srxEntriesSent: "srx_entries_sent_total",
  srxRefusals: "srx_refusals_total",
  srxUserReports: "srx_user_reports_total",
  pushPosts: "push_posts_total",
  pushEntries: "push_entries_total",
  pushFailures: "push_failures_total",
  pushPending: "push_pending_changes",
  eventLoopDelay: "event_loop_delay_ms",
  jobsDone: "jobs_done_total",
  jobsFailed: "jobs_failed_total",
} as const;

export type MetricName = (typeof METRICS)[keyof typeof METRICS];
