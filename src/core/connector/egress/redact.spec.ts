import { describe, expect, it } from 'vitest';
import { Redactor } from './redact.js';

const SECRET = 'shp"at/9c+3 7e';
const redactor = new Redactor([SECRET, 'short']);

describe('the redactor', () => {
  it.each([
    ['as it is', SECRET], ['in JSON', JSON.stringify(SECRET)], ['in base64', Buffer.from(SECRET).toString('base64')], ['in base64url', Buffer.from(SECRET).toString('base64url')],
    ['in hexadecimal', Buffer.from(SECRET).toString('hex')], ['percent-encoded', encodeURIComponent(SECRET)],
  ])('blanks out a secret %s', (_how, form) => {
    const body = redactor.body(Buffer.from(`before ${form} between ${form} after`)).toString();
    expect(body).toMatch(/^before "?\[redacted\]"? between "?\[redacted\]"? after$/);
    expect(redactor.text(`x${form}y`)).not.toContain(form);
  });

  it.each([0, 1, 2, 7])('leaves nothing of it to be read where it was encoded behind %i bytes', (before) => {
    for (const encoding of ['base64', 'base64url'] as const) {
      const read = Buffer.from(redactor.text(Buffer.from(`${'x'.repeat(before)}${SECRET} and more`).toString(encoding)).replace('[redacted]', ''), encoding).toString('latin1');
      expect(read).not.toContain(SECRET.slice(1, -1));
    }
  });

  it('leaves everything else as it was, without a copy', () => {
    const body = Buffer.from('short words stay');
    expect(redactor.body(body)).toBe(body);
  });
});
