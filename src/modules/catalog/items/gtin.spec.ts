import { describe, expect, it } from 'vitest';
import { gtinFault } from './gtin.js';

describe('gtinFault', () => {
  it.each(['96385074', '614141000036', '4006381333931', '10614141000415', '00000000'])('takes %s', (gtin) => {
    expect(gtinFault(gtin)).toBeUndefined();
  });

  it.each(['4006381333932', '4060381333931', '96385075'])('finds the wrong check digit of %s', (gtin) => {
    expect(gtinFault(gtin)).toMatch(/wrong check digit/);
  });

  it('names the check digit that would be right', () => {
    expect(gtinFault('4006381333930')).toMatch(/would have to be 1$/);
  });

  it.each(['', '123', '123456789', '400638133393X', ' 4006381333931', '٤٠٠٦٣٨١٣٣٣٩٣١'])("refuses '%s', which is no such number", (gtin) => {
    expect(gtinFault(gtin)).toBe('must be 8, 12, 13 or 14 digits');
  });
});
