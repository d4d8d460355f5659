import { HubError } from '../../errors/index.js';
import type { ReferenceKey } from '../reference-store.js';

/** Opaque to callers: where the page before ended. */
export function cursorOf(key: ReferenceKey): string {
  return Buffer.from(JSON.stringify([key.entity, key.type, key.externalId])).toString('base64url');
}

/** @throws HubError VALIDATION_FAILED when it is no cursor of ours. */
export function readCursor(text: string | undefined): ReferenceKey | undefined {
  if (text === undefined) return undefined;
  try {
    const [entity, type, externalId] = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as unknown[];
    if ((entity === 'item' || entity === 'location') && typeof type === 'string' && typeof externalId === 'string' && !`${type}${externalId}`.includes('\0')) return { entity, type, externalId };
  } catch {
    // Refused below, as is any other text that this API did not give.
  }
  throw new HubError('VALIDATION_FAILED', { errors: [{ pointer: '?after', detail: 'is not the `next` of a page' }] });
}
