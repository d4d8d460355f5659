import { Injectable } from '@nestjs/common';
import { HubError, invariant, type FieldError } from '../../errors/index.js';
import type { LimitedTo } from './grants.js';

/** Of one kind. They are copied into the memory of each process, and into statements. */
const MOST_IDS = 1_000;

/** Which of these ids there are. */
export type KnownIds = (ids: readonly string[]) => Promise<ReadonlySet<string>>;

/** The kinds of objects that clients can be limited to. The module that owns a kind registers it. */
@Injectable()
export class GrantableKinds {
  private readonly kinds = new Map<string, KnownIds>();

  register(kind: string, known: KnownIds): void {
    invariant(!this.kinds.has(kind), `the kind ${kind} is registered twice`);
    this.kinds.set(kind, known);
  }

  /**
   * The same, without what stands twice. An id that does not exist is refused: it is a slip of the pen, and would grant
   * nothing until somebody makes such an object for somebody else.
   * @throws HubError VALIDATION_FAILED with every fault.
   */
  async check(wish: LimitedTo): Promise<LimitedTo> {
    const faults: FieldError[] = [];
    const checked: Record<string, readonly string[]> = {};
    for (const [kind, given] of Object.entries(wish)) {
      const pointer = `/limitedTo/${kind.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      const known = this.kinds.get(kind);
      if (!known) faults.push({ pointer, detail: `is not one of ${[...this.kinds.keys()].join(', ')}` });
      else if (!isIds(given)) faults.push({ pointer, detail: `must be a list of ids, ${MOST_IDS} at most` });
      else {
        const there = await known(given);
        given.forEach((id, index) => {
          if (!there.has(id)) faults.push({ pointer: `${pointer}/${index}`, detail: 'does not exist' });
        });
        checked[kind] = [...new Set(given)].sort();
      }
    }
    if (faults.length > 0) throw new HubError('VALIDATION_FAILED', { errors: faults.slice(0, 100) });
    return checked;
  }
}

function isIds(value: unknown): value is string[] {
  return Array.isArray(value) && value.length <= MOST_IDS && value.every((id) => typeof id === 'string');
}
