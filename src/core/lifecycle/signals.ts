import { databaseOutage } from '../persistence/database-outage.js';
import type { StopOrder } from './stop-order.js';

/**
 * A Ctrl-C reaches the hub more than once: from the terminal, from npm and from the launcher. Only a signal that comes
 * later than this is a person who does not want to wait.
 */
const SAME_GESTURE_MS = 1_000;

/**
 * SIGTERM and SIGINT stop the hub in order and end it with code 0; a second one ends it at once. A fault that nobody
 * caught also ends it: what state it left is unknown, and everything acknowledged is in the database.
 */
export function stopOnSignals(order: StopOrder, say: (line: string) => void): void {
  let first: number | undefined;
  const force = (): never => {
    order.force();
    return process.exit(1);
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (first === undefined) {
      first = Date.now();
      say(`${signal}: stopping`);
      void stopAndExit(order, say, 0);
    } else if (Date.now() - first > SAME_GESTURE_MS) {
      say(`${signal} again: stopping at once`);
      force();
    }
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, onSignal);
  const onFault = (fault: unknown): void => {
    // A connection that dies while no statement runs on it has nobody to tell; whoever uses it next will learn of it.
    if (databaseOutage(fault)) return say(`lost a connection to the database: ${(fault as Error).message}`);
    say(`Unexpected fault: ${fault instanceof Error ? (fault.stack ?? fault.message) : String(fault)}`);
    force();
  };
  process.on('uncaughtException', onFault);
  process.on('unhandledRejection', onFault);
}

/** Stops everything and ends the process with `code`, or with 1 when something would not stop. */
export async function stopAndExit(order: StopOrder, say: (line: string) => void, code: number): Promise<never> {
  const faults = await order.stop();
  for (const fault of faults) say(`Could not stop ${fault}`);
  if (code === 0) say('stopped');
  return process.exit(faults.length > 0 && code === 0 ? 1 : code);
}
