import { describe, expect, it } from 'vitest';
import { type LocationRow, Places } from './places.js';

const row = (id: number, type: string, parent: number | null = null, storage: number | null = null): LocationRow => ({ id, name: `L${id}`, type, parent, storage_location: storage });

/** Warehouse 5 with input 1, output 2, storage 3; in the storage zone an aisle 20 with bins 21 and 22. */
const ROWS = [row(5, 'warehouse', null, 3), row(1, 'storage', 5), row(2, 'storage', 5), row(3, 'storage', 5), row(20, 'storage', 3), row(21, 'storage', 20), row(22, 'storage', 20), row(8, 'storage'), row(7, 'customer')];

describe('the places of a warehouse', () => {
  it('are its storage zone and everything below, and neither its input nor its output zone', () => {
    const places = new Places(ROWS, []);
    expect([3, 20, 21, 22].map((id) => places.placeOf(id))).toEqual([5, 5, 5, 5]);
    expect([1, 2, 5, 7, 8, 999].map((id) => places.placeOf(id))).toEqual([null, null, null, null, null, null]);
    expect([places.rootOf(5), places.rootOf(8), places.rootOf(3)]).toEqual([3, undefined, undefined]);
  });

  it('are further locations that the configuration names, with what is below them', () => {
    const places = new Places(ROWS, [8, 20, 7]);
    expect([3, 20, 21, 8, 7].map((id) => places.placeOf(id))).toEqual([5, 20, 20, 8, null]);
    expect([places.placeAbove(20), places.placeAbove(8), places.placeAbove(3)]).toEqual([5, null, null]);
  });

  it('end where a tree is a circle', () => {
    expect(new Places([row(30, 'storage', 31), row(31, 'storage', 30)], []).placeOf(30)).toBe(null);
  });
});
