import { Findings, type Verdict } from '../checker/verdict.js';
import { HubApi } from '../hub-api.js';
import { Random } from '../simulators/kit/random.js';

export interface RaceSite {
  /** Every replica that answers HTTP: callers are dealt out to them, so that no replica sees the whole race. */
  readonly urls: () => readonly string[];
  /** The balancer's address, for everything but the race itself. */
  readonly url: string;
  /** A client with catalog:write, stock:read, stock:write, reservations:write. */
  readonly key: string;
}

interface Reservation {
  readonly id: string | number;
  readonly state: string;
}

interface Outcome {
  readonly status: number;
  readonly code: string;
  readonly reservation: Reservation | undefined;
}

/** Units in stock, callers who want one each. */
export interface RacePlan {
  readonly units: number;
  readonly callers: number;
  readonly seed: number;
}

/** One call to one replica, repeated with the same key (at any replica) until somebody answers for good. */
async function insist(site: RaceSite, random: Random, path: string, body: unknown): Promise<Outcome> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline;) {
    const urls = site.urls();
    const url = urls[random.between(0, urls.length - 1)] as string;
    try {
      const response = await fetch(url + path, { method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${site.key}` }, body: JSON.stringify(body), signal: AbortSignal.timeout(10_000) });
      const answer = (await response.json()) as Reservation & { code?: string };
      if (response.status < 500 && response.status !== 429) return { status: response.status, code: answer.code ?? '', reservation: response.ok ? answer : undefined };
    } catch {
      // The replica was killed; the next one is asked.
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${path} was never answered`);
}

/** Exactly as many callers win as there are units (I2), and of the ends that race for a hold exactly one takes place (I3). */
export async function race(site: RaceSite, { units, callers, seed }: RacePlan): Promise<Verdict[]> {
  const random = new Random(seed + 0xace);
  const hub = new HubApi(site.url, site.key);
  const item = `race-${seed}-${units}`;
  await hub.put(`/api/v1/items/${item}`, { name: item });
  await hub.put('/api/v1/locations/race', { name: 'race', type: 'warehouse' });
  await hub.put('/api/v1/channels/race', { name: 'race', locations: ['race'] });
  await hub.post('/api/v1/stock-movements', { movements: [{ eventId: `${item}-in`, kind: 'receipt', item, quantity: units, location: 'race', occurredAt: new Date().toISOString() }] });
  const holds = await Promise.all(Array.from({ length: callers }, (_, caller) =>
    insist(site, random, '/api/v1/reservations', { key: `${item}-${caller}`, channel: 'race', ttlSeconds: 600, lines: [{ item, quantity: 1 }] })));
  const won = holds.flatMap(({ reservation }) => reservation ?? []);
  const exactly = new Findings('of many callers for the last units exactly as many win as there are units');
  exactly.expect(won.length === units, () => `${won.length} of ${callers} callers hold a unit; there were ${units}`);
  exactly.expect(new Set(won.map(({ id }) => id)).size === won.length, () => 'two callers were given one hold');
  for (const { status, code, reservation } of holds) exactly.expect(reservation !== undefined || (status === 409 && code === 'INSUFFICIENT_STOCK') || status === 422, () => `a loser was answered ${status} ${code}`);

  const ends = new Findings('of the ends that race for a hold exactly one takes place');
  let consumed = 0;
  await Promise.all(won.map(async ({ id }) => {
    const tries = random.next() < 0.5 ? ['consume', 'release', 'consume', 'release'] : ['release', 'consume', 'release', 'consume'];
    const answers = await Promise.all(tries.map((end) => insist(site, random, `/api/v1/reservations/${id}/${end}`, end === 'consume' ? { location: 'race' } : {})));
    const { state } = await hub.get<Reservation>(`/api/v1/reservations/${id}`);
    if (state === 'CONSUMED') consumed += 1;
    const winner = state === 'CONSUMED' ? 'consume' : 'release';
    answers.forEach(({ status }, index) => ends.expect(tries[index] === winner ? status === 200 || status === 201 : status === 409, () => `hold ${id} is ${state}; ${tries[index]} was answered ${status}`));
  }));
  const levels = await hub.get<{ items: { onHand: number; reserved: number }[] }>(`/api/v1/stock-levels?item=${item}`);
  const level = levels.items[0] ?? { onHand: 0, reserved: 0 };
  ends.expect(level.onHand === units - consumed && level.reserved === 0, () => `${consumed} of ${units} were consumed; the level says ${level.onHand} on hand, ${level.reserved} reserved`);
  return [exactly.verdict(), ends.verdict()];
}
