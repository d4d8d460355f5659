/** The real Redis that specs speak to: a process of its own. Specs are skipped without it, and say so; call `stop` in `afterAll`. */
export { redisInstalled, startRedis, type RedisOptions, type RedisProcess } from '../../../lab/replicas/redis-process.js';
