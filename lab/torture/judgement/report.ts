import { spreadOf } from '../../report/percentiles.js';
import { table } from '../../report/table.js';
import type { Operation } from '../api-document.js';
import type { Fault } from './judge.js';
import { SELDOM, UNREACHABLE } from './unreachable.js';
import type { Request } from '../values/requests.js';

/** The same fault of the same operation, however often it was seen. */
export interface FoundFault {
  readonly operation: string;
  readonly kind: string;
  readonly detail: string;
  count: number;
  /** Number of the first request that showed it, and the request itself. */
  readonly case: number;
  readonly request: string;
}

interface Tally {
  readonly statuses: Map<number, number>;
  /** Of generated requests, those that were answered 2xx. */
  reached: number;
  /** What generated requests were told that were refused, by how often. */
  readonly refusals: Map<string, number>;
  /** Of requests that were generated; the valid ones between them are no torture. */
  cases: number;
  slowestMs: number;
}

export interface TortureReport {
  readonly command: string;
  readonly seed: number;
  /** Where another run with the same seed goes on. */
  next: number;
  readonly operations: { readonly name: string; readonly cases: number; readonly reached: number; readonly statuses: Readonly<Record<string, number>>; readonly slowestMs: number }[];
  /** Operations that no generated request got a 2xx of, and why not. */
  readonly unreached: readonly { readonly name: string; readonly cases: number; readonly refusals: string }[];
  readonly rawSockets: number;
  readonly faults: readonly FoundFault[];
  readonly seconds: number;
  readonly memoryMb: { readonly begin: number | undefined; readonly end: number | undefined; readonly most: number | undefined };
  readonly liveMs: { readonly p50: number; readonly p99: number; readonly most: number };
  readonly movements: number;
  readonly held: boolean;
}

const MOST_KINDS = 500;
const MOST_REFUSALS = 100;
const SHOWN_REFUSALS = 3;
/** Characters of a request in the text; the JSON report has more of it. */
const MOST_SHOWN = 500;

/** A command that sends the same again; the token is the reader's to put in. */
function asCommand({ method, target, headers, body, caller }: Request): string {
  const given = Object.entries(headers).map(([name, value]) => ` -H ${JSON.stringify(`${name}: ${value}`)}`).join('');
  return `curl --path-as-is -X ${method} "$HUB${target}"${given} (as ${caller})${body === undefined ? '' : ` body(base64)=${body.subarray(0, 3_000).toString('base64')}`}`.slice(0, 6_000);
}

/** Counts what was sent and what came of it. */
export class Findings {
  private readonly tallies = new Map<string, Tally>();
  private readonly found = new Map<string, FoundFault>();
  readonly liveMs: number[] = [];
  readonly memoryMb: number[] = [];
  rawSockets = 0;

  constructor(operations: readonly Operation[]) {
    for (const { name } of operations) this.tallies.set(name, { statuses: new Map(), cases: 0, reached: 0, refusals: new Map(), slowestMs: 0 });
  }

  answered(operation: string, status: number, ms: number, generated: boolean): void {
    const tally = this.tallies.get(operation);
    if (!tally) return;
    if (generated) tally.cases += 1;
    if (generated && status < 300) tally.reached += 1;
    tally.statuses.set(status, (tally.statuses.get(status) ?? 0) + 1);
    tally.slowestMs = Math.max(tally.slowestMs, ms);
  }

  has(operation: string): boolean {
    return this.tallies.has(operation);
  }

  refused(operation: string, why: string): void {
    const refusals = this.tallies.get(operation)?.refusals;
    if (refusals && (refusals.has(why) || refusals.size < MOST_REFUSALS)) refusals.set(why, (refusals.get(why) ?? 0) + 1);
  }

  /** Operations that no generated request got through to, with what most of them were told. */
  unreached(): { readonly name: string; readonly cases: number; readonly refusals: string }[] {
    return [...this.tallies].filter(([, { reached }]) => reached === 0).map(([name, { cases, refusals }]) => ({
      name, cases, refusals: [...refusals].sort(([, a], [, b]) => b - a).slice(0, SHOWN_REFUSALS).map(([why, count]) => `${why} (${count}×)`).join(', '),
    }));
  }

  fault(operation: string, { kind, detail }: Fault, number: number, request: Request | string): void {
    const key = `${operation}\n${kind}\n${detail}`;
    const known = this.found.get(key);
    if (known) known.count += 1;
    else if (this.found.size < MOST_KINDS) this.found.set(key, { operation, kind, detail, count: 1, case: number, request: typeof request === 'string' ? request : asCommand(request) });
  }

  get faults(): FoundFault[] {
    return [...this.found.values()].sort((a, b) => b.count - a.count);
  }

  get cases(): number {
    return [...this.tallies.values()].reduce((sum, { cases }) => sum + cases, 0);
  }

  report(about: { command: string; seed: number; next: number; seconds: number; movements: number }): TortureReport {
    const operations = [...this.tallies].map(([name, { cases, reached, statuses, slowestMs }]) => ({ name, cases, reached, statuses: Object.fromEntries([...statuses].sort(([a], [b]) => a - b)), slowestMs: Math.round(slowestMs) }));
    return {
      ...about, operations, unreached: this.unreached(), rawSockets: this.rawSockets, faults: this.faults,
      memoryMb: { begin: this.memoryMb[0], end: this.memoryMb.at(-1), most: this.memoryMb.length > 0 ? Math.max(...this.memoryMb) : undefined },
      liveMs: spreadOf(this.liveMs) ?? { p50: 0, p99: 0, most: 0 },
      held: this.found.size === 0 && this.cases > 0,
    };
  }
}

export function tortureText(report: TortureReport): string {
  const { operations } = report;
  const total = new Map<string, number>();
  for (const { statuses } of operations) for (const [status, count] of Object.entries(statuses)) total.set(status, (total.get(status) ?? 0) + count);
  const sent = operations.reduce((sum, { cases }) => sum + cases, 0);
  const slowest = [...operations].sort((a, b) => b.slowestMs - a.slowestMs).slice(0, 5);
  const mb = (value: number | undefined): string => (value === undefined ? '?' : `${Math.round(value)} MB`);
  return [
    `${sent} generated requests to ${operations.length} operations and ${report.rawSockets} malformed messages in ${Math.round(report.seconds)} s (${Math.round(sent / Math.max(1, report.seconds))}/s), seed ${report.seed}`,
    '', ...table([['operation', 'sent', 'answers'], ...operations.map(({ name, cases, statuses }) => [name, String(cases), Object.entries(statuses).map(([status, count]) => `${status}×${count}`).join(' ')])], ['left', 'right', 'left']),
    '', `answers: ${[...total].sort(([a], [b]) => Number(a) - Number(b)).map(([status, count]) => `${status}×${count}`).join(' ')}`,
    ...(report.unreached.length === 0 ? ['every operation was answered 2xx'] : ['never answered 2xx:', ...report.unreached.map(({ name, refusals }) => `- ${name}: ${UNREACHABLE.get(name) ?? SELDOM.get(name) ?? (refusals || 'not sent')}`)]),
    `slowest: ${slowest.map(({ name, slowestMs }) => `${name} ${slowestMs} ms`).join(', ')}`,
    `the hub: memory ${mb(report.memoryMb.begin)} at the beginning, ${mb(report.memoryMb.end)} at the end, ${mb(report.memoryMb.most)} at most; /health/live p50 ${report.liveMs.p50.toFixed(1)} ms, p99 ${report.liveMs.p99.toFixed(0)} ms, at most ${report.liveMs.most.toFixed(0)} ms`,
    `afterwards: ${report.movements} movements in the ledger, which add up to the levels${report.faults.some(({ operation }) => operation === 'afterwards') ? ': NO' : '; a fresh day trades as it should'}`,
    '', ...(report.faults.length === 0 ? ['no faults'] : [`${report.faults.length} kinds of faults:`, ...report.faults.slice(0, 60).flatMap(({ operation, kind, detail, count, case: number, request }) => [`- ${operation}: ${kind}: ${detail} (${count}×, first in case ${number})`, `    ${request.slice(0, MOST_SHOWN)}`])]),
    `go on: npm run torture:api -- --seed ${report.seed} --from ${report.next}`,
    report.held ? 'HELD' : 'BROKEN', '',
  ].join('\n');
}
