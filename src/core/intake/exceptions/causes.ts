import type { ExternalRef } from '@crossdock/connector-sdk';
import type { ErrorCode } from '../../errors/index.js';
import type { MappedEntity, ReferencesSaved } from '../../mapping/reference.js';
import type { Cause } from './hold-back.js';

const MOST_CHARACTERS = 300;

/** How a thing that somebody waits for is named: by an outside system's reference, or by its canonical id. */
const referenceKey = (entity: MappedEntity, type: string, id: string): string => `${entity} ${type} ${id}`;
const canonicalKey = (entity: MappedEntity, code: string): string => `${entity} = ${code}`;

/** Everything that may wait for what was saved just now. */
export function keysOf(saved: ReferencesSaved): string[] {
  return saved.references.flatMap(({ type, externalId, canonical }) => [referenceKey(saved.entity, type, externalId), canonicalKey(saved.entity, canonical)]);
}

/** No cross-reference leads from the outside system's name to a canonical id. */
export function unmapped(entity: MappedEntity, ref: ExternalRef, matchItemsBy: 'reference' | 'sku'): Cause {
  const sku = entity === 'item' && matchItemsBy === 'sku' && ref.sku ? ref.sku : undefined;
  return {
    class: entity === 'item' ? 'UNMAPPED_ITEM' : 'UNMAPPED_LOCATION', cause: `${ref.type} ${ref.id}`,
    detail: `No ${entity} is known for ${ref.type} '${ref.id}'${sku === undefined ? '' : ` nor for the SKU '${sku}'`}.`,
    waitsFor: [referenceKey(entity, ref.type, ref.id), ...(sku === undefined ? [] : [referenceKey('item', 'sku', sku)])],
  };
}

/** The inventory does not take the fact. An item or a location that is not there (yet) may come by itself; the rest is for a person. */
export function rejected(code: ErrorCode, names: { readonly item: string; readonly location: string; readonly fact: string }): Cause {
  const { item, location, fact } = names;
  switch (code) {
    case 'UNKNOWN_ITEM': return { class: code, cause: item, detail: `The item '${item}' is not in the catalogue.`, waitsFor: [canonicalKey('item', item)] };
    case 'UNKNOWN_LOCATION': return { class: code, cause: location, detail: `The location '${location}' is not known.`, waitsFor: [canonicalKey('location', location)] };
    case 'NOT_OWNER': return { class: code, cause: `${fact} at ${location}`, detail: `Another connection owns counts and adjustments at '${location}': the ${fact} moved nothing.`, waitsFor: [] };
    default: return { class: code, cause: `${fact} at ${location}`, detail: `The inventory does not take the ${fact} of '${item}' at '${location}'.`, waitsFor: [] };
  }
}

/** The delivery, or an event in it, makes no sense. */
export function unreadable(topic: string, reason: string): Cause {
  const detail = storable(reason) || 'no reason was given';
  return { class: 'UNREADABLE', cause: `${topic}: ${detail}`.slice(0, MOST_CHARACTERS), detail, waitsFor: [] };
}

/** The connector (or the hub itself) fails on this delivery each time, and only on this one. */
export function failing(code: ErrorCode, topic: string, reason: string): Cause {
  return { class: code, cause: topic, detail: storable(reason), waitsFor: [] };
}

/** Somebody else's words, as Postgres can keep them. */
export function storable(text: string): string {
  return text.slice(0, MOST_CHARACTERS).replaceAll('\0', ' ').toWellFormed();
}
