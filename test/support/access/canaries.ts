import { randomBytes } from 'node:crypto';

/** Secrets by what they are: each a value that nothing but a leak brings into view. */
export type Canaries = Readonly<Record<string, string>>;

/** A value that JSON, URLs and base64 each write differently. */
export function canary(): string {
  return `canary-${randomBytes(12).toString('hex')}/+"&=%é`;
}

/** The same of letters that a header takes. */
export function plainCanary(): string {
  return `canary-${randomBytes(12).toString('hex')}/+"&=%`;
}

/** Whatever stands before a text shifts its base64 by none, one or two bytes; what is left are the letters that it alone decides. */
function inBase64(text: string): string[] {
  const bytes = Buffer.from(text, 'utf8');
  return [0, 1, 2].map((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64').replace(/=+$/, '');
    return encoded.slice(shift === 0 ? 0 : 4, encoded.length - 2);
  });
}

function formsOf(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const base64 = inBase64(secret);
  return [...new Set([
    secret, json, JSON.stringify(json).slice(1, -1), encodeURIComponent(secret), new URLSearchParams({ q: secret }).toString().slice(2),
    Buffer.from(secret, 'utf8').toString('hex'), Buffer.from(json, 'utf8').toString('hex'), ...base64, ...base64.map((form) => form.replaceAll('+', '-').replaceAll('/', '_')),
  ])];
}

/** Which secrets stand in which texts, in whatever form: `password in log`. */
export function leaks(canaries: Canaries, texts: Readonly<Record<string, string>>): string[] {
  return Object.entries(texts).flatMap(([place, text]) => {
    const lower = text.toLowerCase();
    return Object.entries(canaries).filter(([, secret]) => formsOf(secret).some((form) => lower.includes(form.toLowerCase()))).map(([name]) => `${name} in ${place}`);
  });
}
