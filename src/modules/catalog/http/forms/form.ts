import { idFault } from '../../../../core/canonical/index.js';
import type { FieldError } from '../../../../core/errors/index.js';

/** A thing read from a request, or everything that is wrong with it. */
export type Read<Thing> = { readonly thing: Thing } | { readonly faults: readonly FieldError[] };

const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u;

/** Collects what is wrong with one thing, field by field. */
export class Faults {
  readonly list: FieldError[] = [];

  add(pointer: string, detail: string | undefined): void {
    if (detail !== undefined) this.list.push({ pointer, detail });
  }

  /** The id in the address, which the body may repeat: what a GET answered can be PUT back as it is. */
  id(given: string, repeated: string | undefined): string {
    this.add('/id', idFault(given));
    if (repeated !== undefined && repeated !== given) this.add('/id', 'must be the id in the address: an id never changes');
    return given;
  }

  /** A name for people: trimmed, and composed (NFC) so that it is found however it is typed. */
  name(given: string): string {
    const name = given.trim().normalize('NFC');
    if (name.length === 0) this.add('/name', 'must not be blank');
    if (UNPRINTABLE.test(name)) this.add('/name', 'must not contain control characters');
    return name;
  }

  of<Thing>(thing: Thing): Read<Thing> {
    return this.list.length > 0 ? { faults: this.list } : { thing };
  }
}
