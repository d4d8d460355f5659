import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import { expect, it } from 'vitest';
import { BoundedExport } from './bounded-export.js';

type Done = Parameters<SpanExporter['export']>[1];

function stage(bounds: { mostWaiting: number; batch: number; stopMs: number }) {
  const calls: { spans: number; done: Done }[] = [];
  const counts = { exported: 0, failed: 0, dropped: 0 };
  const exporter: SpanExporter = { export: (spans, done) => void calls.push({ spans: spans.length, done }), shutdown: () => Promise.resolve() };
  const bounded = new BoundedExport(exporter, (outcome, count) => (counts[outcome] += count), { everyMs: 60_000, ...bounds });
  const end = (times: number): void => {
    for (let n = 0; n < times; n += 1) bounded.onEnd({} as ReadableSpan);
  };
  return { calls, counts, bounded, end };
}

it('sends a batch at a time, and drops and counts what comes while a collector hangs', async () => {
  const { calls, counts, bounded, end } = stage({ mostWaiting: 10, batch: 4, stopMs: 20 });
  end(100);
  expect(calls.map(({ spans }) => spans)).toEqual([4]);
  expect(counts).toEqual({ exported: 0, failed: 0, dropped: 86 });
  await bounded.shutdown();
  expect(counts).toEqual({ exported: 0, failed: 0, dropped: 96 });
});

it('goes on after a batch that the collector did not take', async () => {
  const { calls, counts, bounded, end } = stage({ mostWaiting: 10, batch: 2, stopMs: 5_000 });
  end(4);
  calls[0]?.done({ code: 1 });
  await expect.poll(() => calls.length).toBe(2);
  calls[1]?.done({ code: 0 });
  await bounded.shutdown();
  expect(counts).toEqual({ exported: 2, failed: 2, dropped: 0 });
  end(1);
  expect(counts.dropped).toBe(1);
});

it('sends what waits before it stops', async () => {
  const { calls, counts, bounded, end } = stage({ mostWaiting: 10, batch: 8, stopMs: 5_000 });
  end(3);
  const stopped = bounded.shutdown();
  calls[0]?.done({ code: 0 });
  await stopped;
  expect(counts).toEqual({ exported: 3, failed: 0, dropped: 0 });
});
