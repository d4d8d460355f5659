import type { Findings } from './report.js';
import { SELDOM, UNREACHABLE } from './unreachable.js';

/** After so many requests an operation was tried often enough; most are reached within twenty. */
const ENOUGH_CASES = 200;

/** A refusal at the door proves little of what is behind it: a run that is long enough has been everywhere. */
export function judgeReach(findings: Findings, cases: number): void {
  const unreached = findings.unreached();
  const fault = (operation: string, detail: string): void => findings.fault(operation, { kind: 'reach', detail }, cases, '');
  for (const { name, cases: sent, refusals } of unreached) if (sent >= ENOUGH_CASES && !UNREACHABLE.has(name) && !SELDOM.has(name)) fault(name, `${sent} requests, and none was answered 2xx: ${refusals}`);
  for (const name of UNREACHABLE.keys()) if (findings.has(name) && !unreached.some((one) => one.name === name)) fault(name, 'was answered 2xx although it stands among those that cannot be');
}
