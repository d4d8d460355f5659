import { expect, it } from 'vitest';
import { StoppedWhileStarting, StopOrder } from './stop-order.js';

it('stops in the opposite order of the start', async () => {
  const order = new StopOrder();
  const stopped: string[] = [];
  for (const name of ['lock', 'postgres', 'http']) await order.start(name, () => name, (thing) => void stopped.push(thing));
  expect(await order.stop()).toEqual([]);
  expect(stopped).toEqual(['http', 'postgres', 'lock']);
});

it('goes on when one thing does not stop, and says which', async () => {
  const order = new StopOrder();
  const stopped: string[] = [];
  await order.start('first', () => 1, () => void stopped.push('first'));
  await order.start('second', () => 2, () => { throw new Error('stuck'); });
  expect(await order.stop()).toEqual(['second: stuck']);
  expect(stopped).toEqual(['first']);
});

it('waits for the step in hand, undoes it, and starts nothing after it', async () => {
  const order = new StopOrder();
  const events: string[] = [];
  let begun = (): void => undefined;
  const starting = order.start('slow', () => new Promise<void>((resolve) => (begun = resolve)).then(() => void events.push('begun')), () => void events.push('stopped'));
  const stop = order.stop();
  expect(order.signal.aborted).toBe(true);
  begun();
  await expect(starting).rejects.toBeInstanceOf(StoppedWhileStarting);
  await stop;
  expect(events).toEqual(['begun', 'stopped']);
  await expect(order.start('late', () => void events.push('late'))).rejects.toBeInstanceOf(StoppedWhileStarting);
  expect(events).toEqual(['begun', 'stopped']);
});

it('stops once, however often it is asked', async () => {
  const order = new StopOrder();
  let stops = 0;
  await order.start('thing', () => 1, () => void (stops += 1));
  await Promise.all([order.stop(), order.stop()]);
  expect(stops).toBe(1);
});
