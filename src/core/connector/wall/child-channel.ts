import type { Duplex } from 'node:stream';
import { encodeFrame, FrameReader } from '../wire/frames.js';
import type { ChildMessage, HostMessage } from '../wire/messages.js';
import { Allowance } from './allowance.js';
import type { WallLimits } from './limits.js';

const TYPES: ReadonlySet<unknown> = new Set<ChildMessage['type']>(['hello', 'refused', 'probe', 'result', 'error', 'http', 'log']);

/** The hub's end of the pipe. What arrives is counted and bounded before anybody looks at it. */
export class ChildChannel {
  private readonly reader: FrameReader;
  private readonly allowance: Allowance;
  private broken = false;

  constructor(
    private readonly socket: Duplex,
    limits: WallLimits,
    private readonly onMessage: (message: Readonly<Record<string, unknown>> & { type: ChildMessage['type'] }, body: Buffer) => void,
    private readonly onViolation: (reason: string) => void,
  ) {
    this.reader = new FrameReader(limits);
    this.allowance = new Allowance(limits.messagesPerSecond);
    socket.on('data', (piece: Buffer) => this.receive(piece));
    // A child that dies in mid-write resets the pipe; its exit is reported by the process.
    socket.on('error', () => undefined);
  }

  /** `onTaken` runs once the child has taken the message from the pipe, or never will. */
  send(message: HostMessage, body?: Buffer, onTaken?: () => void): void {
    if (this.broken || !this.socket.writable) return onTaken?.();
    const parts = encodeFrame(message, body);
    this.socket.cork();
    parts.forEach((part, index) => this.socket.write(part, index === parts.length - 1 ? onTaken : undefined));
    this.socket.uncork();
  }

  close(): void {
    this.broken = true;
    this.socket.destroy();
  }

  private receive(piece: Buffer): void {
    if (this.broken) return;
    try {
      for (const { message, body } of this.reader.feed(piece)) {
        if (!this.allowance.take(1)) throw new Error('it sends more messages than the wall lets through');
        if (!isMessage(message)) throw new Error('it sends what is no message');
        this.onMessage(message, body);
        if (this.broken) return;
      }
    } catch (error) {
      this.close();
      this.onViolation((error as Error).message);
    }
  }
}

function isMessage(message: unknown): message is Readonly<Record<string, unknown>> & { type: ChildMessage['type'] } {
  return typeof message === 'object' && message !== null && Object.hasOwn(message, 'type') && TYPES.has((message as { type: unknown }).type);
}
