const MASK = '[redacted]';
/** Shorter values would blank out ordinary text; a secret of so few characters protects nothing. */
const SHORTEST = 6;

/** Behind other bytes base64 writes a text in three ways; of each, the letters that the text alone decides. */
function insideBase64(bytes: Buffer): string[] {
  return [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64').replace(/=+$/, '');
    const decided = Math.floor(((before + bytes.length) * 8) / 6);
    return encoded.slice(before === 0 ? 0 : before + 1, decided);
  });
}

/** How a secret may come back: as it is, in base64 (alone or among other text, as in a header that was encoded whole), in hex, percent-encoded, or inside JSON. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret, 'utf8');
  const inside = insideBase64(bytes);
  const forms = [secret, bytes.toString('base64'), bytes.toString('base64url'), ...inside, ...inside.map((form) => form.replaceAll('+', '-').replaceAll('/', '_')), bytes.toString('hex'), encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)];
  return [...new Set(forms)].filter((form) => form.length >= SHORTEST);
}

/**
 * Blanks out a connection's secrets in what comes back from outside: a system that echoes a request (an error page, a
 * debugging endpoint) would otherwise hand the connector its own credentials.
 */
export class Redactor {
  private readonly forms: readonly string[];
  private readonly bytes: readonly Buffer[];

  constructor(secrets: Iterable<string>) {
    this.forms = [...secrets].flatMap(formsOf).sort((a, b) => b.length - a.length);
    this.bytes = this.forms.map((form) => Buffer.from(form, 'utf8'));
  }

  text(text: string): string {
    return this.forms.reduce((rest, form) => (rest.includes(form) ? rest.replaceAll(form, MASK) : rest), text);
  }

  /** The same buffer when nothing is in it: the search runs over the bytes and decodes nothing. */
  body(body: Buffer): Buffer {
    return this.bytes.some((form) => body.includes(form)) ? Buffer.from(this.text(body.toString('utf8')), 'utf8') : body;
  }
}
