import { idFault } from '../../../../core/canonical/index.js';
import { gtinFault } from '../../items/gtin.js';
import type { Item } from '../../items/item.js';
import { Faults, type Read } from './form.js';
import type { BodyOf, ItemAnswer } from '../schemas.js';

/** What the schema cannot check, and what a field means when it is left out. */
export function itemOf(id: string, body: BodyOf<ItemAnswer>): Read<Item> {
  const faults = new Faults();
  const sku = body.sku?.normalize('NFC') ?? id;
  if (body.sku !== null) faults.add('/sku', idFault(sku));
  if (body.gtin !== null) faults.add('/gtin', gtinFault(body.gtin));
  return faults.of({ id: faults.id(id, body.id), name: faults.name(body.name), sku, gtin: body.gtin, unit: body.unit });
}
