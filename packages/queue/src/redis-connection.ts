import { Cluster, Redis } from "ioredis";

export type RedisConnection = Redis | Cluster;

/**
 * Opens a connection to one Redis, or with a comma-separated list of addresses to a Redis Cluster.
 *
 * Shape:  commands wait for as long as Redis is away (BullMQ needs that); the caller closes it by `disconnect()`.
 * Errors: connection errors go to `onError`, again and again while they last; a malformed URL is thrown.
 */
export function connectRedis(redisUrl: string, onError: (error: unknown) => void): RedisConnection {
  const urls = redisUrl
    .split(",")
    .map((url) => url.trim())
    .filter((url) => url !== "");
  const [first] = urls;
  if (first === undefined) throw new TypeError("REDIS_URL holds no address");
  for (const url of urls)
    if (!/^rediss?:\/\//.test(url))
      throw new TypeError("REDIS_URL must be redis:// or rediss:// addresses, separated by commas");
  const patience = { maxRetriesPerRequest: null, enableReadyCheck: true } as const;
  const connection =
    urls.length === 1
      ? new Redis(first, patience)
      : new Cluster(urls, {
          redisOptions: {
            ...patience,
            ...(first.startsWith("rediss:") ? { tls: {} } : {}),
            ...credentialsOf(first),
          },
        });
  connection.on("error", onError);
  return connection;
}

/** A cluster takes the credentials of its first address for all its nodes. */
function credentialsOf(url: string): { username?: string; password?: string } {
  const { username, password } = new URL(url);
  return {
    ...(username ? { username: decodeURIComponent(username) } : {}),
    ...(password ? { password: decodeURIComponent(password) } : {}),
  };
}
