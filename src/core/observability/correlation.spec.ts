import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { chooseCorrelationId, correlationId, withCorrelation } from './correlation.js';

it('takes a sane X-Correlation-Id', () => {
  expect(chooseCorrelationId({ 'x-correlation-id': 'shop-1.order:42_a' })).toBe('shop-1.order:42_a');
});

it.each(['', ' ', 'a b', 'a\nb', 'x'.repeat(65), '<script>', '-begins-with-a-dash', 'é'])('makes a new id instead of "%s"', (given) => {
  expect(chooseCorrelationId({ 'x-correlation-id': given })).toMatch(/^[0-9a-f-]{36}$/);
});

it('takes the trace id of a traceparent, unless it is all zeros', () => {
  expect(chooseCorrelationId({ traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' })).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
  expect(chooseCorrelationId({ traceparent: `00-${'0'.repeat(32)}-00f067aa0ba902b7-01` })).toMatch(/^[0-9a-f-]{36}$/);
  expect(chooseCorrelationId({ traceparent: `00-4bf92f3577b34da6a3ce929d0e0e4736-${'0'.repeat(16)}-01` })).toMatch(/^[0-9a-f-]{36}$/);
});

it('holds through asynchronous work, apart from that of others', async () => {
  const seen = await Promise.all(['a', 'b'].map((id) => withCorrelation(id, async () => {
    await pause(5);
    return correlationId();
  })));
  expect(seen).toEqual(['a', 'b']);
  expect(correlationId()).not.toBe(correlationId());
});
