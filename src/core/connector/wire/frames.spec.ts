import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrame, FrameReader } from './frames.js';

const LIMITS = { mostMessageBytes: 100_000, mostBodyBytes: 100_000 };

describe('frames', () => {
  it('arrive as they were sent, however the pipe cuts them', () => {
    const frame = fc.record({ message: fc.anything({ withBigInt: true, withDate: true, withMap: true }), body: fc.uint8Array({ maxLength: 200 }) });
    fc.assert(fc.property(fc.array(frame, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 40 }), (frames, cuts) => {
      const wire = Buffer.concat(frames.flatMap(({ message, body }) => encodeFrame(message, Buffer.from(body))));
      const reader = new FrameReader(LIMITS);
      const received = [];
      for (let at = 0, turn = 0; at < wire.length; turn += 1) {
        const end = at + (cuts[turn % cuts.length] ?? 1);
        for (const { message, body } of reader.feed(wire.subarray(at, end))) received.push({ message, body: new Uint8Array(body) });
        at = end;
      }
      expect(received).toEqual(frames);
    }));
  });

  it('are refused by their length before they are received', () => {
    const head = Buffer.alloc(8);
    head.writeUInt32LE(100_001, 0);
    expect(() => [...new FrameReader(LIMITS).feed(head)]).toThrow(/larger than the wall lets through/);
    head.writeUInt32LE(1, 0);
    head.writeUInt32LE(0xffff_ffff, 4);
    expect(() => [...new FrameReader(LIMITS).feed(head)]).toThrow(/larger than the wall lets through/);
  });

  it('are refused when they are no structured clone, and never crash the reader', () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), (bytes) => {
      const head = Buffer.alloc(8);
      head.writeUInt32LE(bytes.length, 0);
      const reader = new FrameReader(LIMITS);
      try {
        for (const frame of reader.feed(Buffer.concat([head, bytes]))) expect(frame.body).toHaveLength(0);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }), { numRuns: 2_000 });
  });
});
