import fc from 'fast-check';
import { setTimeout as sleep } from 'node:timers/promises';
import { HubProcess } from '../hub-process.js';
import type { Progress } from '../report/progress.js';
import { seedFrom } from '../simulators/kit/random.js';
import { readApiDocument, type ApiDocument, type Operation, type Schema } from './api-document.js';
import { Callers } from './callers.js';
import { Flows } from './flows.js';
import { brokenInvariants } from './invariants.js';
import { Judge } from './judgement/judge.js';
import type { TortureOptions } from './options.js';
import { CANARY } from './outside.js';
import { Findings, type TortureReport } from './judgement/report.js';
import { PASSWORD, Root } from './root.js';
import { Requests } from './values/requests.js';
import { judgeReach } from './judgement/judge-reach.js';
import { World } from './values/world.js';
import { malformed } from './wire/malformed.js';
import { exchange } from './wire/raw-socket.js';
import { NoReply, Wire, type Reply } from './wire/send.js';

const AT_ONCE = 12;
/** Each of so many cases is a malformed message on a socket, and each of so many is followed by a round of valid histories. */
const RAW_EVERY = 25;
const FLOW_EVERY = 200;
const LOOK_EVERY_MS = 250;
const LOGIN = { email: 'root@torture.test', password: 'the password of the root admin' } as const;
/** More than this between beginning and end is a leak, and a hub that does not say that it lives for so long stands still. */
const MOST_GROWN_MB = 400;
const MOST_SILENT_MS = 10_000;
/** A body of this size may be refused before it was read, and the connection closed while it is being sent. */
const REFUSED_UNREAD_BYTES = 16_384;

interface Torture {
  readonly hub: HubProcess;
  readonly wire: Wire;
  readonly root: Root;
  readonly document: ApiDocument;
  readonly operations: readonly Operation[];
  readonly findings: Findings;
  readonly callers: Callers;
  readonly requests: Requests;
  readonly world: World;
  readonly judge: Judge;
  readonly flows: Flows;
}

/** Which operation a path belongs to. */
function operationOf(operations: readonly Operation[], method: string, target: string): Operation | undefined {
  const steps = (target.split('?')[0] ?? '').split('/');
  const fits = (template: string[]): boolean => template.length === steps.length && template.every((step, index) => step.startsWith('{') || step === steps[index]);
  const candidates = operations.filter((operation) => operation.method === method && fits(operation.path.split('/')));
  return candidates.sort((a, b) => a.parameters.length - b.parameters.length)[0];
}

/** What stands for the parameters of the operation's path. */
function parametersOf({ path }: Operation, target: string): string[] {
  const steps = (target.split('?')[0] ?? '').split('/');
  return path.split('/').flatMap((step, index) => (step.startsWith('{') ? [decoded(steps[index] ?? '')] : []));
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}

async function prepare(hub: HubProcess, only: string | undefined): Promise<Torture> {
  const wire = new Wire(hub.url, AT_ONCE);
  const found = await wire.send('GET', '/openapi.json', {}, undefined);
  const document = readApiDocument(JSON.parse(found.body.toString('utf8')) as Schema);
  const operations = document.operations.filter(({ name }) => only === undefined || name.includes(only));
  const findings = new Findings(operations);
  const forbidden = new Set<string>();
  const world = new World(forbidden);
  const root = new Root(wire, (method, path, status, body) => {
    const operation = operationOf(document.operations, method, path);
    if (!operation) return;
    findings.answered(operation.name, status, 0, false);
    if (status >= 300) return;
    world.learnFrom(operation.path, parametersOf(operation, path), body);
    world.granted(operation.path, parametersOf(operation, path));
  });
  forbidden.add(await root.enter(hub.setupToken, LOGIN.email, LOGIN.password));
  const scopes = [...new Set(document.operations.flatMap((operation) => operation.scopes))];
  const callers = new Callers(root, scopes);
  await callers.mintAll();
  const { id, key } = await root.post<{ id: string; key: string }>('/admin/v1/clients', { name: 'flows', scopes });
  for (const own of [id, key]) forbidden.add(own);
  const flows = new Flows(root, key, () => callers.clientKey);
  await flows.setUp();
  for (const name of ['A-1', 'B/3', 'Ü 4']) world.learn('item', name);
  for (const name of ['warehouse', 'store-1']) world.learn('location', name);
  world.learn('channel', 'web');
  for (const name of ['password', 'currentPassword', 'newPassword']) world.learn(name, PASSWORD);
  for (const plugin of ['till', 'shopify', 'tryton', 'vendure']) world.learn('plugin', plugin);
  for (const { method, path } of document.operations) if (method === 'GET' && !path.includes('{') && /^\/(api|admin)\//.test(path)) await root.get(path).catch(() => undefined);
  const secrets = [hub.setupToken, LOGIN.password, CANARY, root.sessionToken, key];
  return { hub, wire, root, document, operations, findings, callers, requests: new Requests(document, world), world, judge: new Judge(document, secrets), flows };
}

/** What a refusal says, short enough to be counted. */
function refusalOf({ status, body }: Reply): string {
  const text = body.toString('utf8');
  const named = /"code":"(\w+)"|"error":"(\w+)"/.exec(text);
  const place = /"pointer":"([^"]{0,60})","detail":"([^"]{0,80})/.exec(text);
  return `${status} ${named?.[1] ?? named?.[2] ?? ''}${place ? ` ${place[1] ?? ''} ${place[2] ?? ''}` : ''}`;
}

async function request(torture: Torture, operation: Operation, number: number, seed: number): Promise<void> {
  const { wire, callers, requests, findings, judge, world } = torture;
  const made = requests.make(operation, seed);
  const authorization = await callers.authorization(made.caller, operation);
  const headers = authorization === undefined ? made.headers : { ...made.headers, authorization };
  try {
    const reply = await wire.send(made.method, made.target, headers, made.body);
    findings.answered(operation.name, reply.status, reply.ms, true);
    if (reply.status >= 400 && made.caller === 'fit') findings.refused(operation.name, refusalOf(reply));
    // A path may name another operation once it is decoded, or none; its success is judged by its own.
    const meant = operationOf(torture.document.operations, made.method, made.target);
    for (const fault of judge.faultsOf(reply.status < 300 && meant?.name !== operation.name ? undefined : operation, reply)) findings.fault(operation.name, fault, number, made);
    if (reply.status < 300 && meant === operation) world.granted(operation.path, parametersOf(operation, made.target));
    if (reply.status < 300 && /^application\/json/.test(String(reply.headers['content-type'])) && reply.body.length < 500_000) world.learnFrom(operation.path, parametersOf(operation, made.target), JSON.parse(reply.body.toString('utf8')));
    if (reply.status === 401 && authorization !== undefined && (made.caller === 'fit' || made.caller === 'other kind' || made.caller === 'viewer' || made.caller === 'scopeless')) await callers.unknown(authorization);
  } catch (error) {
    if (!(error instanceof NoReply)) throw error;
    if ((made.body?.length ?? 0) < REFUSED_UNREAD_BYTES) findings.fault(operation.name, { kind: 'no answer', detail: error.message.replace(/^[^:]*: /, '') }, number, made);
  }
}

async function rawMessage({ hub, findings }: Torture, number: number, seed: number): Promise<void> {
  const parts = fc.sample(malformed, { seed, numRuns: 1 })[0] ?? [];
  const answer = (await exchange(Number(new URL(hub.url).port), parts)).toString('latin1');
  findings.rawSockets += 1;
  if (answer === '') return;
  const status = Number(/^HTTP\/1\.[01] (\d{3}) /.exec(answer)?.[1] ?? 0);
  const sent = parts.map((part) => JSON.stringify(part.subarray(0, 2_000).toString('latin1'))).join(' + ');
  const fault = (kind: string, detail: string): void => findings.fault('a raw socket', { kind, detail }, number, sent);
  if (status === 0) fault('no HTTP', answer.slice(0, 60));
  if (status >= 500) fault('server error', `${status} ${/"code":"(\w+)"/.exec(answer)?.[1] ?? answer.slice(0, 40)}`);
  if (status >= 400 && !/content-type: application\/problem\+json/i.test(answer)) fault('no problem document', String(status));
  if (/^x-injected/im.test(answer)) fault('header injected', 'a header of the answer came from the request');
}

/** Watches the hub itself for as long as the torture lasts. */
async function watch({ hub, findings }: Torture, over: AbortSignal): Promise<void> {
  const wire = new Wire(hub.url, 1);
  const { pid } = hub;
  while (!over.aborted) {
    const startedAt = performance.now();
    const alive = await wire.send('GET', '/health/live', {}, undefined).catch(() => undefined);
    findings.liveMs.push(performance.now() - startedAt);
    const memory = hub.residentMb();
    if (memory !== undefined) findings.memoryMb.push(memory);
    if (!hub.running || hub.pid !== pid) return findings.fault('the process', { kind: 'ended', detail: hub.logTail() }, 0, '');
    if (alive?.status !== 200) findings.fault('the process', { kind: 'does not say that it lives', detail: String(alive?.status ?? 'no answer') }, 0, '');
    await sleep(LOOK_EVERY_MS, undefined, { signal: over }).catch(() => undefined);
  }
  await wire.close();
}

async function afterwards(torture: Torture): Promise<number> {
  const { root, flows, findings } = torture;
  const broken = (detail: string): void => findings.fault('afterwards', { kind: 'does not hold', detail }, 0, '');
  await flows.prove().catch((error: unknown) => broken(String(error)));
  const { movements, broken: invariants } = await brokenInvariants(root);
  invariants.slice(0, 20).forEach(broken);
  const [begin = 0, end = 0] = [findings.memoryMb[Math.min(findings.memoryMb.length - 1, 20)], findings.memoryMb.at(-1)];
  if (end - begin > MOST_GROWN_MB) broken(`the hub's memory grew from ${Math.round(begin)} MB to ${Math.round(end)} MB`);
  const silent = Math.max(0, ...findings.liveMs);
  if (silent > MOST_SILENT_MS) broken(`the hub did not answer for ${Math.round(silent)} ms`);
  return movements;
}

async function torment(torture: Torture, { seed, from, cases, minutes }: TortureOptions, progress: Progress, signal: AbortSignal): Promise<{ next: number; seconds: number }> {
  const { operations, findings, flows } = torture;
  const startedAt = Date.now();
  const deadline = minutes === undefined ? Number.POSITIVE_INFINITY : startedAt + minutes * 60_000;
  let next = from;
  const worker = async (): Promise<void> => {
    while (next < from + cases && Date.now() < deadline && !signal.aborted && torture.hub.running) {
      const number = next;
      next += 1;
      const own = seedFrom(seed, String(number)) | 0;
      if (number % RAW_EVERY === RAW_EVERY - 1) await rawMessage(torture, number, own);
      else await request(torture, operations[seedFrom(seed + 1, String(number)) % operations.length] as Operation, number, own);
      if (number % FLOW_EVERY === FLOW_EVERY - 1) await flows.step();
      progress.show(() => `${next - from} of ${cases} cases, ${Math.round(((next - from) * 1_000) / Math.max(1, Date.now() - startedAt))}/s, ${findings.faults.length} kinds of faults`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return { next, seconds: (Date.now() - startedAt) / 1_000 };
}

/** Starts a hub of its own, throws everything at it that its document describes and much that it does not, and judges what comes back. */
export async function tortureApi(options: TortureOptions, command: string, progress: Progress, signal: AbortSignal): Promise<TortureReport> {
  const hub = await HubProcess.start({ settings: { CROSSDOCK_PUBLIC_URL: 'https://hub.torture.test' } });
  try {
    progress.step(`The hub is ready at ${hub.url}.`);
    const torture = await prepare(hub, options.only);
    progress.step(`Its document has ${torture.document.operations.length} operations; ${torture.operations.length} of them are tortured.`);
    const over = new AbortController();
    const watching = watch(torture, over.signal);
    const { next, seconds } = torture.operations.length === 0 ? { next: options.from, seconds: 0 } : await torment(torture, options, progress, signal);
    over.abort();
    await watching;
    progress.clear();
    judgeReach(torture.findings, next);
    const movements = hub.running ? await afterwards(torture) : 0;
    await torture.wire.close();
    return torture.findings.report({ command, seed: options.seed, next, seconds, movements });
  } finally {
    await hub.stop({ keep: false });
  }
}
