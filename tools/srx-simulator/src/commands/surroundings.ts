/** What a command may touch of the process that runs it. */
export interface Surroundings {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Aborts on SIGTERM and SIGINT. */
  readonly stopping: AbortSignal;
}
