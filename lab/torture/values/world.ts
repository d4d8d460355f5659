/** Most values that are remembered of one name; new ones take the place of old ones. */
const MOST = 200;
const LONGEST = 300;

/**
 * What the hub has said so far: values by the name of the field or path parameter that they were found under. From it
 * come ids that exist, so that generated requests reach beyond the first look-up.
 */
export class World {
  private readonly byName = new Map<string, string[]>();

  /** @param forbidden values that must not be handed out, such as the id of the user by whom the run itself acts; it may grow. */
  constructor(private readonly forbidden: ReadonlySet<string> = new Set()) {}

  learn(name: string, value: unknown): void {
    const text = typeof value === 'number' ? String(value) : value;
    if (typeof text !== 'string' || text === '' || text.length > LONGEST) return;
    const known = this.byName.get(name) ?? [];
    if (known.includes(text)) return;
    if (known.length >= MOST) known.splice(known.length >> 1, 1);
    known.push(text);
    this.byName.set(name, known);
  }

  /** Takes every short text and number of an answer under its field's name, and `id`s under the collection's path as well. */
  learnFrom(path: string, answer: unknown, depth = 0): void {
    if (depth > 6 || typeof answer !== 'object' || answer === null) return;
    if (Array.isArray(answer)) {
      for (const entry of answer.slice(0, 50)) this.learnFrom(path, entry, depth + 1);
      return;
    }
    for (const [name, value] of Object.entries(answer)) {
      this.learn(name, value);
      if (depth <= 2 && (name === 'id' || name === 'name' || name === 'feed')) this.learn(`${path} ${name}`, value);
      this.learnFrom(path, value, depth + 1);
    }
  }

  /** The `nth` known value of the first of `names` that has any. */
  pick(nth: number, ...names: string[]): string | undefined {
    for (const name of names) {
      const known = this.byName.get(name)?.filter((value) => !this.forbidden.has(value));
      if (known && known.length > 0) return known[nth % known.length];
    }
    return undefined;
  }
}
