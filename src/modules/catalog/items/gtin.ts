const LENGTHS = new Set([8, 12, 13, 14]);

/**
 * What is wrong with a Global Trade Item Number; undefined when nothing is. The last digit is checked as the GS1 General
 * Specifications (7.9) say: from the right, digits weigh 1, 3, 1, 3 ... and their sum is a multiple of ten.
 */
export function gtinFault(text: string): string | undefined {
  if (!/^\d+$/.test(text) || !LENGTHS.has(text.length)) return 'must be 8, 12, 13 or 14 digits';
  const sum = [...text].reverse().reduce((total, digit, place) => total + Number(digit) * (place % 2 === 0 ? 1 : 3), 0);
  if (sum % 10 === 0) return undefined;
  const check = (10 - ((sum - Number(text.at(-1))) % 10)) % 10;
  return `has a wrong check digit: the last digit would have to be ${check}`;
}
