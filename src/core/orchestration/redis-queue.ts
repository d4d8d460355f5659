import { createIORedisClient, RedisConnection, setDefaultBackendFactory, type QueueOptions } from 'bullmq';
import { Redis, type RedisOptions } from 'ioredis';
import type { RedisPlace } from '../settings/redis-place.js';

/** Redis comes back in moments or is away for long: neither needs the 20 s that BullMQ would wait between tries. */
const LONGEST_RETRY_MS = 2_000;
/**
 * A command unanswered for so long means that Redis, or the way to it, hangs: the connection is made anew. It must be
 * longer than a worker's blocking wait, which is 10 s at most.
 */
const HUNG_AFTER_MS = 15_000;

/**
 * How every connection to Redis is made. Commands wait for the connection rather than fail: whoever must not wait
 * bounds its own waiting (see QueueHealth). `maxRetriesPerRequest` null is BullMQ's own condition for workers.
 */
export function redisOptions({ host, port, username, password, db, tls }: RedisPlace): RedisOptions {
  return {
    host, port, username, password, db, tls,
    maxRetriesPerRequest: null,
    connectTimeout: 5_000,
    keepAlive: 10_000,
    socketTimeout: HUNG_AFTER_MS,
    retryStrategy: (times) => Math.min(100 * 2 ** Math.min(times, 6), LONGEST_RETRY_MS),
    // A demoted primary answers READONLY for ever; a new connection finds the new one.
    reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
  };
}

/** BullMQ loads ioredis by `require`, which an ES module does not have; so it is handed the client. */
export function useRedis(place: RedisPlace): QueueOptions['connection'] {
  RedisConnection.clientFactory = (options) => createIORedisClient(new Redis(options as RedisOptions));
  setDefaultBackendFactory();
  return redisOptions(place) as QueueOptions['connection'];
}
