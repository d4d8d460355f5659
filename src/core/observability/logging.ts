import { pino, type DestinationStream, type Logger } from 'pino';
import type { Params } from 'nestjs-pino';
import type { Settings } from '../settings/settings.js';
import { currentCorrelationId } from './correlation.js';
import { redact, scrubText } from './redact.js';

/**
 * The hub's one logger: JSON lines on standard error, since standard output belongs to the two lines that people and
 * scripts wait for. Every entry carries the correlation id of the work that wrote it and passes through `redact`.
 */
export function createLogger(level: Settings['logLevel'], destination: DestinationStream = pino.destination({ dest: 2, sync: true })): Logger {
  return pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: (error: unknown) => error },
      formatters: { level: (label) => ({ level: label }), log: (entry) => redact(entry) as Record<string, unknown> },
      mixin: () => {
        const id = currentCorrelationId();
        return id === undefined ? {} : { correlationId: id };
      },
      // An entry's own correlation id wins over that of the context it is written in.
      mixinMergeStrategy: (entry, mixin) => ({ ...mixin, ...entry }),
      hooks: {
        logMethod(args, method) {
          method.apply(this, args.map((arg) => (typeof arg === 'string' ? scrubText(arg) : arg)) as Parameters<typeof method>);
        },
      },
    },
    destination,
  );
}

/** nestjs-pino without its middleware: a child logger per request would cost the hot path for lines that nobody asked for. */
export function loggerParams(settings: Settings): Params {
  return { pinoHttp: { logger: createLogger(settings.logLevel) }, forRoutes: [] };
}
