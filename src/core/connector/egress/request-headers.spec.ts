import { ConnectorError, type Manifest } from '@crossdock/connector-sdk';
import { describe, expect, it } from 'vitest';
import type { Connection } from '../connection.js';
import { requestHeaders } from './request-headers.js';

const manifest = {
  credentials: [{ name: 'token', title: 't', required: true }, { name: 'extra', title: 'e', required: false }],
  auth: [{ type: 'header', header: 'X-Token', value: 'Token {{credentials.token}}' }, { type: 'header', header: 'X-Extra', value: '{{credentials.extra}}' }],
} as unknown as Manifest;
const connection = { manifest } as Connection;

describe('the headers of a request', () => {
  it('carry the credentials, whatever the connector put in their place and in whichever case', () => {
    const headers = requestHeaders(connection, { 'x-TOKEN': 'mine', 'X-Token': 'mine too', accept: 'text/plain' }, { credentials: { token: 'secret' } });
    expect(headers).toEqual({ 'user-agent': 'Crossdock', accept: 'text/plain', 'accept-encoding': 'identity', 'x-token': 'Token secret' });
  });

  it('leave out an optional credential that is not stored and refuse without a required one', () => {
    expect(requestHeaders(connection, {}, { credentials: { token: 'a', extra: 'b' } })['x-extra']).toBe('b');
    expect(() => requestHeaders(connection, {}, { credentials: { extra: 'b' } })).toThrow(expect.objectContaining({ kind: 'config' }) as ConnectorError);
  });

  it('never take the transport\'s own from the connector', () => {
    const asked = { Host: 'evil.example', 'Content-Length': '0', 'Transfer-Encoding': 'chunked', Connection: 'upgrade', Upgrade: 'h2c', Expect: '100-continue', TE: 'trailers', 'Keep-Alive': '1', 'Proxy-Authorization': 'x', 'Accept-Encoding': 'gzip' };
    expect(Object.keys(requestHeaders(connection, asked, { credentials: { token: 'a' } })).sort()).toEqual(['accept', 'accept-encoding', 'user-agent', 'x-token']);
  });

  it.each([
    [{ 'a b': 'x' }], [{ 'a:b': 'x' }], [{ '': 'x' }], [{ a: 'x\r\nX-Token: y' }], [{ a: 'x\ny' }], [{ a: 'x\0' }], [{ a: 'x'.repeat(9_000) }], [{ a: 1 }], [{ a: {} }], [{ a: ['x'] }], [{ 'é': 'x' }], [{ a: '\u0100' }],
    [Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`h${index}`, 'x']))],
  ])('are refused when they cannot be sent: %j', (asked) => {
    expect(() => requestHeaders(connection, asked, { credentials: { token: 'a' } })).toThrow(expect.objectContaining({ kind: 'rejected' }) as ConnectorError);
  });
});
