import { Socket } from 'node:net';
import { CHILD_FRAME_LIMITS, encodeFrame, FrameReader } from '../wire/frames.js';
import type { ChildMessage, HostMessage } from '../wire/messages.js';

/** The hub passes its end of a socket pair as this descriptor. */
const CHANNEL_FD = 3;
/** What the hub sends was bounded by the hub. */
const UNBOUNDED = { mostMessageBytes: 0xffff_ffff, mostBodyBytes: 0xffff_ffff };
/** After so many bytes in and out the garbage of earlier messages is collected, before the next one is unpacked. */
const COLLECT_EVERY_BYTES = 8 * 1024 * 1024;

/**
 * The child's end of the pipe to the hub. Buffers lie outside the JavaScript heap, where the engine is slow to notice that they are
 * garbage; without `collect`, some bodies of 10 MB one after the other would reach the ceiling of memory though none is held.
 */
export class Channel {
  private readonly socket = new Socket({ fd: CHANNEL_FD, readable: true, writable: true });
  private readonly reader = new FrameReader(UNBOUNDED);
  private passed = 0;

  constructor(
    onMessage: (message: HostMessage, body: Buffer) => void,
    private readonly collect: () => void,
  ) {
    this.socket.on('data', (piece: Buffer) => {
      this.count(piece.length);
      for (const { message, body } of this.reader.feed(piece)) onMessage(message as HostMessage, body);
    });
    // The hub is gone: a child that stayed would be an orphan.
    this.socket.on('error', () => process.exit(0));
    this.socket.on('close', () => process.exit(0));
  }

  /** @throws DataCloneError, RangeError: nothing was sent then. */
  send(message: ChildMessage, body?: Buffer): void {
    const parts = encodeFrame(message, body, CHILD_FRAME_LIMITS);
    this.socket.cork();
    for (const part of parts) this.socket.write(part);
    this.socket.uncork();
    this.passed += parts.reduce((sum, part) => sum + part.length, 0);
  }

  flush(): Promise<void> {
    return new Promise((resolve) => this.socket.write(Buffer.alloc(0), () => resolve()));
  }

  private count(bytes: number): void {
    this.passed += bytes;
    if (this.passed < COLLECT_EVERY_BYTES) return;
    this.passed = 0;
    this.collect();
  }
}
