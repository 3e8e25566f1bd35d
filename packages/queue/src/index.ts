export { type Bell, type BellOptions, createBell, type Topic } from "./bell.ts";
export { type JobInput, type JobName, type JobPayload, jobs } from "./jobs.ts";
export { prepareQueueSchema, QUEUE_SCHEMA } from "./prepare-queue-schema.ts";
export {
  type Consumer,
  createQueues,
  type JobContext,
  type JobHandler,
  type QueueFault,
  type Queues,
  type QueuesOptions,
} from "./queues.ts";
