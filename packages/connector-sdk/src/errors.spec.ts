import { describe, expect, it } from 'vitest';
import { ConnectorError } from './errors.js';

describe('a ConnectorError', () => {
  it('is recognised across bundles, each of which has a copy of the class', async () => {
    const copy = (await import(/* @vite-ignore */ './errors.js?copy' as string)) as { ConnectorError: typeof ConnectorError };
    expect(copy.ConnectorError).not.toBe(ConnectorError);
    expect(new copy.ConnectorError('transient', 'x')).toBeInstanceOf(ConnectorError);
    expect(new ConnectorError('transient', 'x')).toBeInstanceOf(copy.ConnectorError);
  });

  it.each([undefined, null, 'x', 1, {}, new Error('x'), { name: 'ConnectorError', kind: 'transient' }])('is not %j', (value) => {
    expect((value as unknown) instanceof ConnectorError).toBe(false);
  });

  it('says its kind, its cause and when to come back', () => {
    const cause = new Error('inner');
    const error = new ConnectorError('rate_limited', 'wait', { retryAfterMs: 5, cause });
    expect(error).toMatchObject({ name: 'ConnectorError', kind: 'rate_limited', message: 'wait', retryAfterMs: 5, cause });
    expect(Object.keys(error)).not.toContain('Symbol(crossdock.ConnectorError)');
  });
});
