import { describe, expect, it } from 'vitest';
import { BEGINNING, type MovesCursor, readCursor, writeCursor } from './cursor.js';
import { packIds, unpackIds } from './open-moves.js';
import { firstCursor, sweepOf } from './sweeps.js';

const cursor = (change: Partial<MovesCursor> = {}): MovesCursor => ({
  phase: 'moves', furthest: { at: '2026-11-23T10:00:00.000005', id: 7 }, sweptAt: '2026-11-23T10:00:10.000000', deepAt: '2026-11-23T10:00:00.000000', ...change,
});

describe('the next sweep', () => {
  it('begins thirty seconds before the last one began, for who commits late', () => {
    expect(sweepOf(cursor({ furthest: { at: '2026-11-23T10:00:09.000000', id: 7 } }), '2026-11-23T10:00:20.000000')).toMatchObject({ deep: false, position: { at: '2026-11-23T09:59:40.000000', id: 0 } });
  });

  it('begins after the last move where that lies further back: nothing is read again and again in a quiet ERP', () => {
    expect(sweepOf(cursor({ furthest: { at: '2026-11-23T08:00:00.000005', id: 7 } }), '2026-11-23T10:00:20.000000').position).toEqual({ at: '2026-11-23T08:00:00.000005', id: 7 });
  });

  it('looks back a quarter of an hour once a minute, from the last time that it did so', () => {
    expect(sweepOf(cursor(), '2026-11-23T10:01:00.000000')).toMatchObject({ deep: true, position: { at: '2026-11-23T09:45:00.000000', id: 0 } });
  });

  it('looks back from when it last looked, however long the hub was down', () => {
    expect(sweepOf(cursor(), '2026-11-25T10:00:00.000000').position.at).toBe('2026-11-23T09:45:00.000000');
  });

  it('goes on where its last page ended', () => {
    const sweep = { startedAt: '2026-11-23T10:00:20.000000', deep: false, position: { at: '2026-11-23T10:00:00.000001', id: 3 } };
    expect(sweepOf(cursor({ sweep }), '2026-11-23T10:00:25.000000')).toEqual(sweep);
  });

  it('begins at the very beginning, or at a seam', () => {
    expect(sweepOf(firstCursor(undefined, '2026-11-23T10:00:00.000000'), '2026-11-23T10:00:00.000000').position).toEqual(BEGINNING);
    expect(firstCursor('2026-11-23T09:45:00.000000', '2026-11-23T10:00:00.000000').sweep?.position).toEqual({ at: '2026-11-23T09:45:00.000000', id: 0 });
  });
});

describe('a cursor', () => {
  it('comes back as it was written, and any other text is refused', () => {
    expect(readCursor(writeCursor(cursor()))).toMatchObject(cursor());
    for (const text of ['', '{', 'null', '{"phase":"moves"}', '{"version":2,"phase":"moves"}', '{"version":1,"phase":"dance"}']) {
      expect(() => readCursor(text), text).toThrow(expect.objectContaining({ kind: 'config' }) as Error);
    }
  });

  it('holds thousands of unfinished moves, and says when they are too many', () => {
    const ids = Array.from({ length: 5_000 }, (_, index) => 1_000_000 + index * 3 + (index % 2));
    expect(unpackIds(packIds(ids))).toEqual(ids);
    expect(unpackIds(packIds([]))).toEqual([]);
    expect(unpackIds(packIds([1, 128, 129, 70_000_000_000]))).toEqual([1, 128, 129, 70_000_000_000]);
    let seed = 1;
    let last = 0;
    const scattered = Array.from({ length: 9_000 }, () => (last += 1 + ((seed = (seed * 48_271) % 2_147_483_647) % 100_000)));
    expect(() => packIds(scattered)).toThrow(/9000 unfinished stock moves/);
  });
});
