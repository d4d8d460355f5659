import { describe, expect, it } from 'vitest';
import { idFault } from './identifier.js';

describe('idFault', () => {
  it.each(['85123A', 'gift_0001_20', 'store/7', 'a b', 'Gürtel-90', '靴-42', 'x'.repeat(64), '...', "O'Neill", '100%'])('takes %s', (id) => {
    expect(idFault(id)).toBeUndefined();
  });

  it.each([
    ['nothing', ''],
    ['65 characters', 'x'.repeat(65)],
    ['a leading space', ' a'],
    ['a trailing no-break space', 'a\u00a0'],
    ['a line break', 'a\nb'],
    ['NUL', 'a\0'],
    ['a zero-width space', 'a\u200bb'],
    ['a change of writing direction', 'a\u202eb'],
    ['half a surrogate pair', 'a\ud800'],
    ['a decomposed accent', 'e\u0301'],
    ['a comma', 'a,b'],
    ['a dot alone', '.'],
    ['two dots alone', '..'],
  ])('refuses %s', (_what, id) => {
    expect(idFault(id)).toMatch(/^must /);
  });
});
