import fc from 'fast-check';

const GOOD = { line: 'POST /api/v1/reservations HTTP/1.1', headers: ['host: x', 'content-type: application/json'], body: '{}' } as const;

interface Message {
  readonly line: string;
  readonly headers: readonly string[];
  readonly body: string;
}

const lines = fc.constantFrom(
  'GET / HTTP/1.1', 'GET /health/live HTTP/1.0', 'GET /health/live HTTP/0.9', 'GET /health/live HTTP/2.0', 'PRI * HTTP/2.0', 'GET /health/live', 'GET  /health/live  HTTP/1.1', 'get /health/live HTTP/1.1', 'BREW /coffee HTTP/1.1', 'TRACE / HTTP/1.1', 'CONNECT 127.0.0.1:22 HTTP/1.1', 'OPTIONS * HTTP/1.1',
  'GET http://evil.test/health/live HTTP/1.1', 'GET //health//live HTTP/1.1', 'GET /health/live#x HTTP/1.1', 'GET /%ZZ HTTP/1.1', 'GET /\x80\xff HTTP/1.1', 'GET /api/v1/items/%00 HTTP/1.1', 'GET /api/v1/../../admin/v1/users HTTP/1.1', 'GET /api/v1/items;x=1 HTTP/1.1', `GET /${'a'.repeat(20_000)} HTTP/1.1`, 'POST /api/v1/reservations HTTP/1.1', '\x16\x03\x01\x02\x00', 'SSH-2.0-OpenSSH_9.2', '', '\0\0\0\0',
);
const headers = fc.constantFrom(
  'host: x', 'host: x\r\nhost: y', 'host', ': x', 'host : x', ' folded: x', 'a: b\r\n c: d', 'x-bad: a\x00b', 'x-bad: a\x01b', 'x-bad: \x80\xff', `x-long: ${'a'.repeat(20_000)}`, `${Array.from({ length: 2_100 }, (_, index) => `x-${index}: 1`).join('\r\n')}`,
  'content-length: 5', 'content-length: -1', 'content-length: +5', 'content-length: 5, 5', 'content-length: 5\r\ncontent-length: 6', 'content-length: 99999999999999999999', 'content-length: 1e3', 'content-length: 0x10', 'content-length: ',
  'transfer-encoding: chunked', 'transfer-encoding: chunked\r\ncontent-length: 5', 'transfer-encoding: xchunked', 'transfer-encoding: chunked, identity', 'transfer-encoding: gzip, chunked', 'Transfer-Encoding:\x0bchunked',
  'expect: 100-continue', 'expect: 200-ok', 'upgrade: websocket\r\nconnection: upgrade', 'upgrade: h2c\r\nconnection: upgrade, http2-settings', 'connection: close', 'connection: keep-alive, \0', 'authorization: Bearer ', 'authorization: Bearer a b', 'authorization: Basic Og==', 'authorization: Bearer x\r\nauthorization: Bearer y',
  'idempotency-key: a\r\nidempotency-key: b', 'content-type: application/json\r\ncontent-type: text/csv', 'x-correlation-id: a\r\nx-injected: yes', 'traceparent: 00-00000000000000000000000000000000-0000000000000000-00', 'accept-encoding: gzip;q=1e400',
);
const bodies = fc.constantFrom('', '{}', '5\r\nhello\r\n0\r\n\r\n', '5\r\nhel', 'ffffffffffffffff\r\nx', '-1\r\nx\r\n', '5;ext="\r\nhello\r\n0\r\n\r\n', 'zz\r\n', '0\r\nx-trailer: 1\r\n\r\n', '0\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n', 'x'.repeat(70_000));

const message: fc.Arbitrary<Message> = fc.record({ line: fc.oneof({ weight: 2, arbitrary: fc.constant(GOOD.line) }, { weight: 3, arbitrary: lines }), headers: fc.array(headers, { maxLength: 4 }), body: bodies });

/** The bytes of a request that no HTTP library would write, cut into pieces as networks do. */
export const malformed: fc.Arbitrary<Buffer[]> = fc.tuple(message, fc.constantFrom('\r\n', '\n', '\r', '\r\n\r\n'), fc.nat(400), fc.boolean(), fc.uint8Array({ maxLength: 30 })).map(([{ line, headers: given, body }, end, cut, whole, noise]) => {
  const text = Buffer.from([line, 'host: x', ...given, ''].join(end === '\r\n' ? end : '\r\n') + end + body, 'latin1');
  const bytes = noise.length > 25 ? Buffer.concat([Buffer.from(noise), text]) : text;
  return whole || cut >= bytes.length ? [bytes] : [bytes.subarray(0, cut), bytes.subarray(cut)];
});
