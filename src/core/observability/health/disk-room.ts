import { Inject, Injectable } from '@nestjs/common';
import { within } from '../../orchestration/within.js';
import { SETTINGS, type Settings } from '../../settings/settings.js';
import { DISK_SPACE, type DiskSpace } from '../disk.js';

/** Postgres stops for good when it cannot write its log of 16 MiB pieces; there must be room for a person to act in. */
export const LEAST_FREE_BYTES = 256 * 1_024 * 1_024;
export const LEAST_FREE_INODES = 1_000;
const ANSWERS_WITHIN_MS = 2_000;
const KEPT_MS = 2_000;

export interface Room {
  readonly freeMiB?: number;
  readonly freeInodes?: number;
  /** Why there is too little, for a person; undefined where there is enough. */
  readonly reason?: string;
}

/** Whether the file system of the data directory has room to go on. */
@Injectable()
export class DiskRoom {
  private asked: { at: number; room: Promise<Room> } | undefined;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(DISK_SPACE) private readonly space: (folder: string) => Promise<DiskSpace>,
  ) {}

  /** Never throws: what cannot be looked at has no room. Readiness is public, so what was found is shared for a while. */
  left(): Promise<Room> {
    const now = performance.now();
    if (!this.asked || now - this.asked.at > KEPT_MS) this.asked = { at: now, room: this.look() };
    return this.asked.room;
  }

  private async look(): Promise<Room> {
    try {
      const { freeBytes, freeInodes, inodes } = await within(ANSWERS_WITHIN_MS, this.space(this.settings.dataDir));
      const room = { freeMiB: Math.floor(freeBytes / 1_024 / 1_024), ...(inodes > 0 ? { freeInodes } : {}) };
      if (freeBytes < LEAST_FREE_BYTES) return { ...room, reason: `the data directory has ${room.freeMiB} MiB left; the hub needs ${LEAST_FREE_BYTES / 1_024 / 1_024}` };
      if (inodes > 0 && freeInodes < LEAST_FREE_INODES) return { ...room, reason: `the data directory has room for ${freeInodes} more files; the hub needs ${LEAST_FREE_INODES}` };
      return room;
    } catch {
      return { reason: 'the data directory cannot be looked at' };
    }
  }
}
