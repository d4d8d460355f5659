import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import tar from 'tar-stream';

const READ_BYTES = 256 * 1024;
const ZEROS = Buffer.alloc(READ_BYTES);

/** A compressed archive that is being written. It has its name only once it is whole and on disk. */
export class ArchiveWriter {
  files = 0;
  bytes = 0;
  private readonly pack = tar.pack();
  private readonly hash = createHash('sha256');
  private readonly written: Promise<void>;

  constructor(private readonly path: string) {
    const { hash } = this;
    const tap = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        done(null, chunk);
      },
    });
    // Level 1: the pages of a database are half empty, and a backup must not take the processor from the hub.
    this.written = pipeline(this.pack, createGzip({ level: 1 }), tap, createWriteStream(this.partial, { mode: 0o600, flush: true }));
    this.written.catch(() => undefined);
  }

  async folder(name: string): Promise<void> {
    await this.entry({ name, type: 'directory', mode: 0o700 });
  }

  async text(name: string, text: string): Promise<void> {
    await this.entry({ name, mode: 0o600 }, text);
  }

  /**
   * A file that may be changing: exactly as many bytes as it had when it was opened, filled up with zeros should it have
   * become shorter. What is torn in it is mended by the log at restore. @returns false when it is gone.
   */
  async file(name: string, path: string): Promise<boolean> {
    let file: FileHandle;
    try {
      file = await open(path, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
    try {
      const { size } = await file.stat();
      const entry = this.pack.entry({ name, size, mode: 0o600 });
      await pipeline(exactly(file, size), entry);
      this.files += 1;
      this.bytes += size;
      return true;
    } finally {
      await file.close();
    }
  }

  /** Ends the archive, gives it its name, and writes its checksum beside it as `sha256sum -c` reads it. @returns the checksum. */
  async finish(): Promise<string> {
    this.pack.finalize();
    await this.written;
    const checksum = this.hash.digest('hex');
    await rename(this.partial, this.path);
    await writeFile(`${this.path}.sha256`, `${checksum}  ${basename(this.path)}\n`, { mode: 0o600 });
    return checksum;
  }

  async abandon(): Promise<void> {
    this.pack.destroy();
    await this.written.catch(() => undefined);
    await rm(this.partial, { force: true });
  }

  private get partial(): string {
    return `${this.path}.partial`;
  }

  private entry(header: Partial<tar.Header> & { name: string }, text?: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.pack.entry(header, text ?? '', (error) => (error ? reject(error) : resolve()));
    });
  }
}

async function* exactly(file: FileHandle, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < size; ) {
    const want = Math.min(READ_BYTES, size - at);
    const buffer = Buffer.allocUnsafe(want);
    const { bytesRead } = await file.read(buffer, 0, want, at);
    yield bytesRead > 0 ? buffer.subarray(0, bytesRead) : ZEROS.subarray(0, want);
    at += bytesRead > 0 ? bytesRead : want;
  }
}

export interface ArchiveEntry {
  readonly name: string;
  readonly folder: boolean;
  readonly content: AsyncIterable<Buffer>;
}

/**
 * Reads an archive entry by entry, in order; `take` must read each content to its end or leave it alone altogether.
 * @throws Error for one that is damaged or cut short.
 */
export async function readArchive(path: string, take: (entry: ArchiveEntry) => Promise<void>): Promise<void> {
  const extract = tar.extract();
  const fed = pipeline(createReadStream(path), createGunzip(), extract);
  fed.catch(() => undefined);
  for await (const entry of extract) {
    await take({ name: entry.header.name, folder: entry.header.type === 'directory', content: entry as AsyncIterable<Buffer> });
    entry.resume();
  }
  await fed;
}

/** The checksum of a file as it lies on disk. */
export async function checksumOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
