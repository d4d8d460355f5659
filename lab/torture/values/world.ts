/** Most values that are remembered of one name; new ones take the place of old ones. */
const MOST = 200;
const LONGEST = 300;
const NEWEST = 6;

/**
 * What the hub has said so far: values by the name of the field or path parameter that they were found under. From it
 * come ids that exist, so that generated requests reach beyond the first look-up.
 */
export class World {
  private readonly byName = new Map<string, string[]>();
  /** What the parameters of a path were when an answer named something beneath it: `/a/{id}/b name` knows `['x', 'y']` of `/a/x/b` listing `y`. */
  private readonly places = new Map<string, Map<string, readonly string[]>>();

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

  /**
   * Takes every short text and number of an answer under its field's name, and what it calls things by under the path as well.
   * @param parameters what stood in the path, in order.
   */
  learnFrom(path: string, parameters: readonly string[], answer: unknown, depth = 0, under = ''): void {
    if (depth > 6 || typeof answer !== 'object' || answer === null) return;
    if (Array.isArray(answer)) {
      for (const entry of answer.slice(0, 50)) this.learnFrom(path, parameters, entry, depth + 1);
      return;
    }
    for (const [name, value] of Object.entries(answer)) {
      this.learn(name, value);
      // `token` of an `invitation` is another thing than `token` of a session.
      if (under !== '') this.learn(`${under} ${name}`, value);
      if (depth <= 2 && (name === 'id' || name === 'name' || name === 'feed')) this.learnPlace(`${path} ${name}`, parameters, value);
      this.learnFrom(path, parameters, value, depth + 1, name);
    }
  }

  private learnPlace(key: string, parameters: readonly string[], value: unknown): void {
    const text = typeof value === 'number' ? String(value) : value;
    this.learn(key, text);
    if (typeof text === 'string') this.remember(key, [...parameters, text]);
  }

  /** What may stand for all parameters of a path whose last one names something of the collection at `path`. */
  pickPlace(nth: number, path: string): readonly string[] | undefined {
    for (const field of ['id', 'name', 'feed']) {
      const place = this.allowed(nth, this.places.get(`${path} ${field}`));
      if (place) return place;
    }
    return undefined;
  }

  /** What stood in the path of a request that was granted leads further than what merely exists: a connection that has feeds, a hold that is the caller's own. */
  granted(path: string, parameters: readonly string[]): void {
    if (parameters.length === 0) return;
    for (const site of sitesOf(path)) this.remember(`granted ${site}`, parameters.slice(0, parametersIn(site)));
  }

  /** The parameters of a request that was granted to this operation or to one beside it. */
  pickGranted(nth: number, path: string): readonly string[] | undefined {
    const known = sitesOf(path).map((site) => this.places.get(`granted ${site}`)).filter((places) => places !== undefined);
    const places = known[nth % Math.max(1, known.length)];
    return places && this.allowed(nth >> 1, places);
  }

  private remember(key: string, place: readonly string[]): void {
    if (place.some((part) => part === '' || part.length > LONGEST)) return;
    const known = this.places.get(key) ?? new Map<string, readonly string[]>();
    known.set(place.join('\0'), place);
    if (known.size > MOST) known.delete(known.keys().next().value ?? '');
    this.places.set(key, known);
  }

  private allowed(nth: number, places: ReadonlyMap<string, readonly string[]> | undefined): readonly string[] | undefined {
    return chosen(nth, [...(places?.values() ?? [])].filter((place) => !place.some((part) => this.forbidden.has(part))));
  }

  /** The `nth` known value of the first of `names` that has any. */
  pick(nth: number, ...names: string[]): string | undefined {
    for (const name of names) {
      const known = this.byName.get(name)?.filter((value) => !this.forbidden.has(value));
      if (known && known.length > 0) return chosen(nth, known);
    }
    return undefined;
  }
}

/** Half of the time one of the newest, and often the very last: what was made long ago is mostly gone, or in a state that nothing leads out of. */
function chosen<Value>(nth: number, known: readonly Value[]): Value | undefined {
  if (known.length === 0) return undefined;
  if (nth % 4 === 0) return known.at(-1);
  return nth % 4 === 2 ? known[known.length - 1 - ((nth >> 2) % Math.min(NEWEST, known.length))] : known[(nth >> 2) % known.length];
}

const parametersIn = (path: string): number => path.split('{').length - 1;

/** The path up to its last parameter, and with what follows that one: `/a/{id}` and `/a/{id}/b` of `/a/{id}/b/c`. */
function sitesOf(path: string): string[] {
  const steps = path.split('/');
  const last = steps.findLastIndex((step) => step.startsWith('{'));
  return last < 0 ? [] : [...new Set([steps.slice(0, last + 1).join('/'), steps.slice(0, last + 2).join('/')])];
}
