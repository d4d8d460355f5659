import { Cursor } from '../../http/paging/cursor.js';
import type { ReferenceKey } from '../reference-store.js';

const CURSOR = new Cursor('cross-references', ['text', 'text', 'text']);

export function cursorOf(key: ReferenceKey): string {
  return CURSOR.write(key.entity, key.type, key.externalId);
}

/** @throws HubError CURSOR_INVALID when it is no cursor of ours. */
export function readCursor(text: string | undefined, pointer?: string): ReferenceKey | undefined {
  const position = CURSOR.read(text, pointer);
  if (!position) return undefined;
  const [entity, type, externalId] = position;
  return { entity: entity as ReferenceKey['entity'], type, externalId };
}
