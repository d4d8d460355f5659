import { Socket } from 'node:net';
import { CHILD_FRAME_LIMITS, encodeFrame, FrameReader } from '../wire/frames.js';
import type { ChildMessage, HostMessage } from '../wire/messages.js';

/** The hub passes its end of a socket pair as this descriptor. */
const CHANNEL_FD = 3;
/** What the hub sends was bounded by the hub. */
const UNBOUNDED = { mostMessageBytes: 0xffff_ffff, mostBodyBytes: 0xffff_ffff };

/** The child's end of the pipe to the hub. */
export class Channel {
  private readonly socket = new Socket({ fd: CHANNEL_FD, readable: true, writable: true });
  private readonly reader = new FrameReader(UNBOUNDED);

  constructor(onMessage: (message: HostMessage, body: Buffer) => void) {
    this.socket.on('data', (piece: Buffer) => {
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
  }

  flush(): Promise<void> {
    return new Promise((resolve) => this.socket.write(Buffer.alloc(0), () => resolve()));
  }
}
