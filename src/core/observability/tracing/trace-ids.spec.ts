import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { callersSpan, traceIdOf } from './trace-ids.js';

const CALLER = '0af7651916cd43dd8448eb211c80319c';

describe('the trace of a correlation id', () => {
  it('is the same everywhere, and as documented the beginning of a hash', () => {
    expect(traceIdOf('order-77')).toBe('53c30b2b61c978697fde12c79e2bba0a');
  });

  it('is the id itself where that is a trace id', () => {
    expect(traceIdOf(CALLER)).toBe(CALLER);
    expect(traceIdOf('0'.repeat(32))).not.toBe('0'.repeat(32));
    expect(traceIdOf(CALLER.toUpperCase())).not.toBe(CALLER.toUpperCase());
  });
});

it('reads the span of a caller, and nothing out of what is no traceparent', () => {
  expect(callersSpan(`00-${CALLER}-b7ad6b7169203331-01`)).toEqual({ traceId: CALLER, spanId: 'b7ad6b7169203331' });
  for (const text of [undefined, '', `00-${CALLER}-${'0'.repeat(16)}-01`, `00-${'0'.repeat(32)}-b7ad6b7169203331-01`, `00-${CALLER}-b7ad-01`, ['a']]) expect(callersSpan(text)).toBeUndefined();
});

it('loads OpenTelemetry nowhere but where it is loaded when it is switched on', () => {
  const root = join(import.meta.dirname, '../../..');
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'));
  const users = files.filter((name) => /from '@opentelemetry|import\(.@opentelemetry|from '[^']*\/otlp\.js'/.test(readFileSync(join(root, name), 'utf8')));
  expect(users.map((name) => name.replace(/^.*\//, '')).sort()).toEqual(['bounded-export.ts', 'otlp.ts']);
  const importers = files.filter((name) => /from '[^']*\/bounded-export\.js'/.test(readFileSync(join(root, name), 'utf8')));
  expect(importers.map((name) => name.replace(/^.*\//, ''))).toEqual(['otlp.ts']);
});
