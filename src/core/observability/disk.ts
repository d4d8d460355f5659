import { statfs } from 'node:fs/promises';

/** What a file system has left for whoever is not root. */
export interface DiskSpace {
  readonly freeBytes: number;
  readonly bytes: number;
  readonly freeInodes: number;
  /** 0 where the file system does not count them. */
  readonly inodes: number;
}

/** Injects `diskSpace`. */
export const DISK_SPACE = Symbol('disk space');

/** @throws Error of the system when the folder cannot be looked at. */
export async function diskSpace(folder: string): Promise<DiskSpace> {
  const { bsize, blocks, bavail, files, ffree } = await statfs(folder);
  return { freeBytes: bavail * bsize, bytes: blocks * bsize, freeInodes: ffree, inodes: files };
}
