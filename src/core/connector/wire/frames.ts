import { deserialize, serialize } from 'node:v8';

/**
 * How messages lie on the pipe between hub and child: two lengths (unsigned 32 bit, little endian), then the message as
 * a structured clone, then raw bytes. Node's own IPC channel was turned down: it has no back-pressure towards a child that
 * floods it and reads a message of any size into memory, so that one hostile child could starve the hub.
 */
export interface Frame {
  readonly message: unknown;
  readonly body: Buffer;
}

export interface FrameLimits {
  readonly mostMessageBytes: number;
  readonly mostBodyBytes: number;
}

/** What a child may send at once. Its own side keeps to it as well, so that an honest connector is told and not killed. */
export const CHILD_FRAME_LIMITS: FrameLimits = { mostMessageBytes: 4 * 1024 * 1024, mostBodyBytes: 10 * 1024 * 1024 };

const HEAD_BYTES = 8;
const EMPTY = Buffer.alloc(0);

/** @throws DataCloneError when the message holds what cannot be cloned, a function for example; RangeError beyond the limits. */
export function encodeFrame(message: unknown, body: Buffer = EMPTY, limits?: FrameLimits): Buffer[] {
  const cloned = serialize(message);
  if (limits && (cloned.length > limits.mostMessageBytes || body.length > limits.mostBodyBytes)) throw new RangeError(`A message of ${cloned.length} + ${body.length} bytes is larger than ${limits.mostMessageBytes} + ${limits.mostBodyBytes}.`);
  const head = Buffer.allocUnsafe(HEAD_BYTES);
  head.writeUInt32LE(cloned.length, 0);
  head.writeUInt32LE(body.length, 4);
  return body.length === 0 ? [head, cloned] : [head, cloned, body];
}

/** Puts frames together from the pieces in which they arrive; never holds more than one frame and one piece. */
export class FrameReader {
  private pieces: Buffer[] = [];
  private held = 0;
  private wanted = HEAD_BYTES;
  private messageBytes: number | undefined;

  constructor(private readonly limits: FrameLimits) {}

  /** @throws Error when a length is beyond the limits or the bytes are no structured clone: the pipe is then of no more use. */
  *feed(piece: Buffer): Generator<Frame> {
    this.pieces.push(piece);
    this.held += piece.length;
    while (this.held >= this.wanted) {
      const bytes = this.take(this.wanted);
      if (this.messageBytes === undefined) this.openFrame(bytes);
      else yield this.closeFrame(bytes, this.messageBytes);
    }
  }

  private openFrame(head: Buffer): void {
    const messageBytes = head.readUInt32LE(0);
    const bodyBytes = head.readUInt32LE(4);
    if (messageBytes > this.limits.mostMessageBytes || bodyBytes > this.limits.mostBodyBytes) {
      throw new Error(`a message of ${messageBytes} + ${bodyBytes} bytes is larger than the wall lets through`);
    }
    this.messageBytes = messageBytes;
    this.wanted = messageBytes + bodyBytes;
  }

  private closeFrame(bytes: Buffer, messageBytes: number): Frame {
    this.messageBytes = undefined;
    this.wanted = HEAD_BYTES;
    return { message: deserialize(bytes.subarray(0, messageBytes)), body: bytes.subarray(messageBytes) };
  }

  private take(count: number): Buffer {
    const all = this.pieces.length === 1 ? (this.pieces[0] as Buffer) : Buffer.concat(this.pieces, this.held);
    this.held -= count;
    this.pieces = this.held > 0 ? [all.subarray(count)] : [];
    return all.subarray(0, count);
  }
}
