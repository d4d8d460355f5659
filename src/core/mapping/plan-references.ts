import type { CrossReference, SaveReferenceOutcome } from './reference.js';

export interface ReferencePlan {
  /** One an entry, in order. */
  readonly outcomes: SaveReferenceOutcome[];
  /** The final form of every stored or new reference that differs from what is stored. */
  readonly writes: CrossReference[];
}

const external = (r: CrossReference): string => JSON.stringify([r.entity, r.type, r.externalId]);
const spokenSlot = (r: CrossReference): string => JSON.stringify([r.entity, r.type, r.canonical]);

/**
 * Decides, without touching anything, what saving `entries` one after the other would do. An entry that conflicts
 * changes nothing and spoils no other. With `replace` the newest entry wins: its external id is pointed to its
 * canonical id, and the external id that was spoken for it until now becomes an alias, so that late messages which
 * still carry the old id find the same item.
 * @param stored every stored reference that shares an external id, or the spoken slot, with one of the entries.
 */
export function planReferences(stored: readonly CrossReference[], entries: readonly CrossReference[], replace: boolean): ReferencePlan {
  const state = new ReferenceState(stored);
  const outcomes = entries.map((entry) => save(state, entry, replace));
  return { outcomes, writes: state.changed() };
}

function save(state: ReferenceState, entry: CrossReference, replace: boolean): SaveReferenceOutcome {
  const known = state.byExternal.get(external(entry));
  if (known && known.canonical === entry.canonical && known.alias === entry.alias) return { status: 'unchanged' };
  if (known && known.canonical !== entry.canonical && !replace) return { status: 'conflict', reason: 'external-id-taken', holder: known };
  const speaker = entry.alias ? undefined : state.spoken.get(spokenSlot(entry));
  if (speaker && external(speaker) !== external(entry)) {
    if (!replace) return { status: 'conflict', reason: 'canonical-taken', holder: speaker };
    state.put({ ...speaker, alias: true });
  }
  state.put(entry);
  return { status: known ? 'updated' : 'created' };
}

class ReferenceState {
  readonly byExternal = new Map<string, CrossReference>();
  readonly spoken = new Map<string, CrossReference>();
  private readonly before = new Map<string, CrossReference>();
  private readonly touched = new Set<string>();

  constructor(stored: readonly CrossReference[]) {
    for (const reference of stored) {
      this.put(reference);
      this.before.set(external(reference), reference);
    }
    this.touched.clear();
  }

  put(reference: CrossReference): void {
    const key = external(reference);
    const previous = this.byExternal.get(key);
    if (previous && !previous.alias) this.spoken.delete(spokenSlot(previous));
    this.byExternal.set(key, reference);
    if (!reference.alias) this.spoken.set(spokenSlot(reference), reference);
    this.touched.add(key);
  }

  changed(): CrossReference[] {
    return [...this.touched].sort().flatMap((key) => {
      const after = this.byExternal.get(key);
      const before = this.before.get(key);
      return !after || (before && before.canonical === after.canonical && before.alias === after.alias) ? [] : [after];
    });
  }
}
