import { afterEach, describe, expect, it } from 'vitest';
import { Deliveries, type OutboundMessage } from './deliveries.js';
import { ORDERLY, type DeliveryBehaviour } from './delivery-behaviour.js';
import { LoopbackServer, type ServerAnswer } from './loopback-server.js';

const open: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

/** A hub that answers as it is told, and remembers what it was sent and how much at once. */
async function hubThat(answers: (nth: number) => ServerAnswer | Promise<ServerAnswer>): Promise<{ url: string; got: string[]; together: number[] }> {
  const got: string[] = [];
  const together: number[] = [];
  let now = 0;
  const server = new LoopbackServer(async (call) => {
    got.push(call.body);
    together.push((now += 1));
    const answer = await answers(got.length);
    now -= 1;
    return answer;
  });
  await server.start();
  open.push(() => server.stop());
  return { url: server.url, got, together };
}

function deliveries(url: string, behaviour: Partial<DeliveryBehaviour> = {}): Deliveries {
  const sender = new Deliveries({
    seed: 1,
    behaviour: { ...ORDERLY, backoffFirstMs: 5, backoffMaxMs: 20, ...behaviour },
    sign: (message, body, link) => ({ method: 'POST', path: `/webhooks/${link.connectionId}`, headers: { id: message.deliveryId }, body }),
  });
  open.push(() => sender.stop());
  if (url) sender.connect({ url, connectionId: 'c', webhookSecret: 's' });
  return sender;
}

const message = (text: string): OutboundMessage => ({ deliveryId: text, topic: 't', body: () => text });
const OK: ServerAnswer = { status: 202, body: {} };

describe('deliveries', () => {
  it('keep their order where nothing goes wrong and one is under way at a time', async () => {
    const hub = await hubThat(() => OK);
    const sender = deliveries(hub.url, { concurrency: 1 });
    const texts = Array.from({ length: 100 }, (_, index) => `m${index}`);
    for (const text of texts) sender.send(message(text));
    await sender.settled();
    expect(hub.got).toEqual(texts);
    expect(sender.counts()).toMatchObject({ deliveries: 100, accepted: 100, retries: 0, refused: 0 });
  });

  it('are under way together up to the limit, and no further', async () => {
    const hub = await hubThat(async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return OK;
    });
    const sender = deliveries(hub.url, { concurrency: 6 });
    for (let index = 0; index < 60; index += 1) sender.send(message(`m${index}`));
    await sender.settled();
    expect(Math.max(...hub.together)).toBe(6);
    expect(new Set(hub.got).size).toBe(60);
  });

  it('send one probe at a time while the hub is in trouble', async () => {
    let allArrived: () => void = () => undefined;
    const eightArrived = new Promise<void>((resolve) => (allArrived = resolve));
    const hub = await hubThat(async (nth) => {
      if (nth === 8) allArrived();
      if (nth <= 8) await eightArrived;
      return nth <= 12 ? { status: 503, body: {} } : OK;
    });
    const sender = deliveries(hub.url, { concurrency: 8 });
    for (let index = 0; index < 40; index += 1) sender.send(message(`m${index}`));
    await sender.settled();
    // Eight were under way when the trouble began; after that each rest is followed by one probe.
    expect(Math.max(...hub.together.slice(0, 8))).toBe(8);
    expect(Math.max(...hub.together.slice(8, 13))).toBe(1);
    expect(sender.counts().retries).toBe(12);
    expect(new Set(hub.got).size).toBe(40);
    expect(hub.got).toHaveLength(52);
  });

  it('wait as long as a 429 asks for', async () => {
    const hub = await hubThat((nth) => (nth === 1 ? { status: 429, headers: { 'retry-after': '1' }, body: {} } : OK));
    const sender = deliveries(hub.url);
    const begun = Date.now();
    sender.send(message('m'));
    await sender.settled();
    expect(Date.now() - begun).toBeGreaterThanOrEqual(990);
  });

  it('are repeated when the answer never comes, though the hub may have them', async () => {
    const hub = await hubThat((nth) => (nth === 1 ? 'hang up' : nth === 2 ? new Promise((resolve) => setTimeout(() => resolve(OK), 300)) : OK));
    const sender = deliveries(hub.url, { timeoutMs: 60 });
    sender.send(message('m'));
    await sender.settled();
    expect(hub.got).toEqual(['m', 'm', 'm']);
  });

  it('count what the hub refuses, go on with the others, and try again', async () => {
    const hub = await hubThat((nth) => (nth === 1 ? { status: 401, body: { code: 'SIGNATURE_INVALID' } } : OK));
    const sender = deliveries(hub.url, { concurrency: 1 });
    sender.send(message('a'));
    sender.send(message('b'));
    await sender.settled();
    expect(hub.got).toEqual(['a', 'b', 'a']);
    expect(sender.counts()).toMatchObject({ refused: 1, lastRefusal: '401 {"code":"SIGNATURE_INVALID"}' });
  });

  it('say so when the hub refuses a message for good', async () => {
    const hub = await hubThat(() => ({ status: 404, body: { code: 'CONNECTION_NOT_FOUND' } }));
    const sender = deliveries(hub.url, { backoffMaxMs: 2 });
    sender.send(message('m'));
    await expect(sender.settled()).rejects.toThrow('the hub refuses t for good: 404 {"code":"CONNECTION_NOT_FOUND"}');
    expect(hub.got.length).toBeGreaterThanOrEqual(12);
    await expect(sender.below(10)).rejects.toThrow('for good');
  });

  it('decide a message’s fate by its number alone', async () => {
    const hub = await hubThat(() => OK);
    const tallies = [];
    for (let run = 0; run < 2; run += 1) {
      const sender = deliveries(hub.url, { duplicateShare: 0.3, reissueShare: 0.2, lateShare: 0.2, lateMs: 5, shuffleShare: 0.2, shuffleMs: 5, lostShare: 0.1, redeliverMs: 5 });
      for (let index = 0; index < 200; index += 1) sender.send(message(`m${index}`));
      await sender.settled();
      const { retries: _, ...tally } = sender.counts();
      tallies.push(tally);
    }
    expect(tallies[0]).toEqual(tallies[1]);
    expect(tallies[0]?.deliveries).toBe(200 + (tallies[0]?.duplicates ?? 0) + (tallies[0]?.reissued ?? 0));
    expect(tallies[0]?.duplicates).toBeGreaterThan(30);
  });

  it('wait for a link, and tell when fewer are waiting', async () => {
    const sender = deliveries('');
    for (let index = 0; index < 10; index += 1) sender.send(message(`m${index}`));
    expect(sender.waiting).toBe(10);
    const hub = await hubThat(() => OK);
    sender.connect({ url: hub.url, connectionId: 'c', webhookSecret: 's' });
    await sender.below(5);
    expect(sender.waiting).toBeLessThan(5);
    await sender.settled();
    expect(sender.waiting).toBe(0);
  });
});
