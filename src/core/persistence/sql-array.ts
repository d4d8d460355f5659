/**
 * Array parameters as Postgres literals. The driver can build them too, but walks each element through its general
 * conversion; these are the hot path of every batch (10 columns x 1,000 rows), and know their element's type.
 */
export function numberArray(values: readonly number[]): string {
  return `{${values.join(',')}}`;
}

export function dateArray(values: readonly Date[]): string {
  return `{${values.map((value) => `"${value.toISOString()}"`).join(',')}}`;
}

const PLAIN = /^[A-Za-z0-9_:./@#-]+$/;

export function textArray(values: readonly string[]): string {
  return `{${values.map((value) => (PLAIN.test(value) && value.toLowerCase() !== 'null' ? value : `"${value.replace(/["\\]/g, '\\$&')}"`)).join(',')}}`;
}
