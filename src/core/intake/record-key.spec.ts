import fc from 'fast-check';
import { expect, it } from 'vitest';
import { originOf, recordKey } from './record-key.js';

it('tells from a key which feed and which record it names, whatever the record is called', () => {
  fc.assert(fc.property(fc.stringMatching(/^[a-z][a-z0-9-]{0,62}$/), fc.string({ minLength: 1, maxLength: 200 }), (feed, recordId) => {
    expect(originOf(recordKey({ feed, recordId }))).toEqual({ feed, recordId });
  }));
});

it.each(['d-1', 'feeds:x', 'body-sha256:feed:x:y', ''])('takes %j for what a webhook brought', (key) => {
  expect(originOf(key)).toBeUndefined();
});
