/**
 * One long-running part of the process.
 * `start` undoes what it had begun when it fails; `stop` may be called twice and before `start` has ended.
 */
export interface Part {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}
