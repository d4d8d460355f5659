import type { LookupAddress } from 'node:dns';
import { describe, expect, it } from 'vitest';
import { ADDRESS_REFUSED, guardedLookup } from './guarded-lookup.js';

function ask(addresses: readonly string[], { granted = false, all = true } = {}): Promise<{ code: string | undefined; answer: unknown }> {
  const records = addresses.map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 }));
  return new Promise((resolve) => {
    guardedLookup(granted, (_host, _options, answer) => answer(null, records))('shop.example', { all }, (error, answer) => resolve({ code: error?.code, answer }));
  });
}

describe('the name resolution of outgoing sockets', () => {
  it('hands on public addresses, all or the first as asked', async () => {
    expect(await ask(['1.1.1.1', '2606:4700::1111'])).toEqual({ code: undefined, answer: [{ address: '1.1.1.1', family: 4 }, { address: '2606:4700::1111', family: 6 }] });
    expect(await ask(['1.1.1.1', '8.8.8.8'], { all: false })).toEqual({ code: undefined, answer: '1.1.1.1' });
  });

  it.each([[['127.0.0.1']], [['10.0.0.8']], [['169.254.169.254']], [['::1']], [['::ffff:127.0.0.1']], [['64:ff9b::7f00:1']], [['1.1.1.1', '127.0.0.1']], [['192.168.0.1', '8.8.8.8']], [[]]])('refuses a name that resolves to %j', async (addresses) => {
    expect(await ask(addresses)).toEqual({ code: ADDRESS_REFUSED, answer: [] });
    expect(await ask(addresses, { all: false })).toEqual({ code: ADDRESS_REFUSED, answer: [] });
  });

  it('opens private addresses by grant, and never the metadata service', async () => {
    expect((await ask(['10.0.0.8'], { granted: true })).code).toBeUndefined();
    expect((await ask(['169.254.169.254'], { granted: true })).code).toBe(ADDRESS_REFUSED);
  });

  it('judges each resolution anew, so that a name cannot be rebound between check and use', async () => {
    let asked = 0;
    const lookup = guardedLookup(false, (_host, _options, answer) => answer(null, [{ address: (asked += 1) === 1 ? '1.1.1.1' : '127.0.0.1', family: 4 }]));
    const codes = await Promise.all([1, 2].map(() => new Promise((resolve) => lookup('shop.example', { all: true }, (error) => resolve(error?.code)))));
    expect(codes).toEqual([undefined, ADDRESS_REFUSED]);
  });
});
