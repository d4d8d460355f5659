import { HubError, type FieldError } from '../../errors/index.js';

/** What a client is limited to, by kind of object. A kind that is not named gives nothing. */
export type LimitedTo = Readonly<Record<string, readonly string[]>>;

/** An object as a call names it, and where the call does so: a JSON Pointer into the body, or `?name` and `{name}` of the address. */
export interface NamedObject {
  readonly kind: string;
  readonly id: string;
  readonly pointer: string;
}

const MOST_FAULTS = 100;

/**
 * Which of the retailer's objects a caller may read and touch. What the kinds are, the modules say that own them; here
 * they are names. A refusal is decided by what the call says alone, before anything is looked up, so that it is the same
 * for an object that exists and for one that does not.
 */
export class Grants {
  /** Of users, and of clients that are not limited. */
  static readonly ALL = new Grants(undefined);
  private readonly sets: ReadonlyMap<string, ReadonlySet<string>>;

  private constructor(private readonly limitedTo: LimitedTo | undefined) {
    this.sets = new Map(Object.entries(limitedTo ?? {}).map(([kind, ids]) => [kind, new Set(ids)]));
  }

  static of(limitedTo: LimitedTo | null): Grants {
    return limitedTo === null ? Grants.ALL : new Grants(limitedTo);
  }

  get limited(): boolean {
    return this.limitedTo !== undefined;
  }

  /** What a list may answer; undefined for everything. */
  idsOf(kind: string): readonly string[] | undefined {
    return this.limitedTo && (Object.hasOwn(this.limitedTo, kind) ? this.limitedTo[kind] : []);
  }

  has(kind: string, id: string): boolean {
    return !this.limited || (this.sets.get(kind)?.has(id) ?? false);
  }

  /** Lets a call go on that names these, or refuses all of it. @throws HubError NOT_GRANTED, with the place of each that is not granted. */
  require(objects: Iterable<NamedObject>): void {
    if (!this.limited) return;
    const faults: FieldError[] = [];
    for (const { kind, id, pointer } of objects) {
      if (this.has(kind, id)) continue;
      faults.push({ pointer, detail: `the client is limited to other ${kind}` });
      if (faults.length >= MOST_FAULTS) break;
    }
    if (faults.length > 0) throw new HubError('NOT_GRANTED', { errors: faults });
  }
}
