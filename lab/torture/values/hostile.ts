import fc from 'fast-check';

/** Written into JSON text as it stands, unquoted: what no value of JavaScript turns into. */
export function rawJson(text: string): string {
  return `\u0001raw:${text}\u0001`;
}

/** JSON text of a value in which `rawJson` marks stand for themselves. */
export function jsonText(value: unknown): string {
  return (JSON.stringify(value) ?? '').replaceAll(/"\\u0001raw:(.*?)\\u0001"/g, (_all, text: string) => text.replaceAll('\\"', '"'));
}

const TEXTS = [
  '', ' ', '\t', '\r\n', '\u0000', 'a\u0000b', '\ufeff', '\u202e\u2066', '\u200b', 'e\u0301', 'É', 'ß', 'ﬃ', '𝒜', '👩‍👩‍👧‍👦', '\ud800', '\udfff\ud800', 'ﷺ'.repeat(50), 'null', 'undefined', 'NaN', 'true',
  "' or '1'='1", "'; drop table catalog.item; --", "1); select pg_sleep(10); --", "' union select password_hash from governance.user_account --", '%27%20or%201=1', '\\', "\\'", '$1', '$$', '{}', '{$ne: null}', '[$gt]', '{"$where":"sleep(1000)"}',
  '(a+)+$', `${'a'.repeat(40)}!`, '.*', '[', '(?<', '((((((((((a*)*)*)*)*)*)*)*)*)*)*b', '^(([a-z])+.)+[A-Z]([a-z])+$',
  '=cmd|\' /C calc\'!A0', '+1+1', '-2+3', '@SUM(1+1)', '=HYPERLINK("http://evil.test","x")', '"', '"";', 'a,b', 'a\nb',
  '../../../../etc/passwd', '..\\..\\windows\\win.ini', '%2e%2e%2f', '/etc/passwd%00.txt', 'file:///etc/passwd', 'http://169.254.169.254/latest/meta-data', '//evil.test', 'javascript:alert(1)',
  '<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', '{{7*7}}', '${7*7}', '#{7*7}', '<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>', '%s%s%n', '\u001b[2J', 'x\r\nx-injected: yes', 'bearer cds_', 'cdk_aaaaaaaaaaaa_',
  '__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '0', '-0', '1e309', '0x10', '١٢٣', '１２３', '9007199254740993', '99999999999999999999', '-1', '1.5', '2026-02-30T25:61:61Z', '0000-00-00T00:00:00Z', '+275760-09-13T00:00:00.001Z', '2026-11-25T00:00:00+99:99', '9999-12-31T23:59:59.999Z', '-000001-01-01T00:00:00Z', '2016-12-31T23:59:60Z',
] as const;

const NUMBERS = [0, -0, 1, -1, 0.1, 1e-320, 2 ** 31 - 1, 2 ** 31, -(2 ** 31) - 1, 2 ** 32, 2 ** 53 - 1, 2 ** 53, -(2 ** 53), 2 ** 63, 1e21, 1e308, -1e308] as const;
const LITERALS = ['1e400', '-1e400', '1E+9999', '9007199254740993', '123456789012345678901234567890', '0.1e-400', '-0', '1.0', '1e2', 'NaN', 'Infinity', 'undefined', '01', '.5', '0x1', 'nul', "'a'", '\\u0041', '"\\ud800"', '"\\u0000"', '"\\x41"', '"a', '/**/1', '{"a":1,"a":2}', '{"__proto__":{"admin":true}}', '{"constructor":{"prototype":{"admin":true}}}', '{"\\u005f_proto__":1}'] as const;

export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...TEXTS) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 300 }) },
  { weight: 1, arbitrary: fc.constantFrom(64, 65, 200, 201, 255, 256, 4_096, 20_000).map((length) => 'x'.repeat(length)) },
);

function nested(depth: number, open: string, close: string): string {
  return open.repeat(depth) + close.repeat(depth);
}

export const hostileNumber: fc.Arbitrary<unknown> = fc.oneof(fc.constantFrom(...NUMBERS), fc.double(), fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map((value) => rawJson(String(value))));

/** Anything that JSON can say, and some things that it cannot. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 5, arbitrary: hostileText },
  { weight: 3, arbitrary: hostileNumber },
  { weight: 2, arbitrary: fc.constantFrom(null, true, false, [], {}, [[]], [null], { a: null }, [{}], { $ref: '#' }, { toString: 1 }, { then: 1 }, { length: -1 }) },
  { weight: 2, arbitrary: fc.constantFrom(...LITERALS).map(rawJson) },
  { weight: 1, arbitrary: fc.constantFrom(60, 64, 65, 100, 5_000).chain((depth) => fc.constantFrom(rawJson(nested(depth, '[', ']')), rawJson(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`))) },
  { weight: 1, arbitrary: fc.constantFrom(1_001, 10_001).map((length) => Array.from({ length }, () => 0)) },
  { weight: 1, arbitrary: fc.constantFrom(51, 1_000).map((length) => Object.fromEntries(Array.from({ length }, (_, index) => [`k${index}`, index]))) },
  { weight: 1, arbitrary: fc.jsonValue() },
);
