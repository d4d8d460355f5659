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

/**
 * Puts frames together from the pieces in which they arrive. A frame is gathered into one buffer of its size, so that it lies
 * in memory once: a child has little, and a body of 10 MB must fit.
 */
export class FrameReader {
  private target = Buffer.allocUnsafe(HEAD_BYTES);
  private filled = 0;
  /** Undefined while the head of a frame is gathered. */
  private messageBytes: number | undefined;

  constructor(private readonly limits: FrameLimits) {}

  /** @throws Error when a length is beyond the limits or the bytes are no structured clone: the pipe is then of no more use. */
  *feed(piece: Buffer): Generator<Frame> {
    let rest = piece;
    // An empty message is complete as soon as its head is, so the loop also runs when nothing is left to copy.
    while (rest.length > 0 || this.filled === this.target.length) {
      const copied = rest.copy(this.target, this.filled);
      this.filled += copied;
      rest = rest.subarray(copied);
      if (this.filled < this.target.length) return;
      if (this.messageBytes === undefined) this.openFrame();
      else yield this.closeFrame(this.messageBytes);
    }
  }

  private openFrame(): void {
    const messageBytes = this.target.readUInt32LE(0);
    const bodyBytes = this.target.readUInt32LE(4);
    if (messageBytes > this.limits.mostMessageBytes || bodyBytes > this.limits.mostBodyBytes) {
      throw new Error(`a message of ${messageBytes} + ${bodyBytes} bytes is larger than the wall lets through`);
    }
    this.messageBytes = messageBytes;
    this.expect(messageBytes + bodyBytes);
  }

  private closeFrame(messageBytes: number): Frame {
    const bytes = this.target;
    this.messageBytes = undefined;
    this.expect(HEAD_BYTES);
    return { message: deserialize(bytes.subarray(0, messageBytes)), body: bytes.subarray(messageBytes) };
  }

  private expect(bytes: number): void {
    this.target = Buffer.allocUnsafe(bytes);
    this.filled = 0;
  }
}
