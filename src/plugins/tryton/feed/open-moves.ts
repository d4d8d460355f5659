import { ConnectorError } from '@crossdock/connector-sdk';

/** What is left for them in a cursor, which the hub keeps up to 8,192 characters of. */
const MOST_CHARS = 7_500;

/** Packs ascending numbers as their differences, seven bits a byte: one byte each where they lie close together. @throws ConnectorError config where there are too many. */
export function packIds(ids: readonly number[]): string {
  const bytes: number[] = [];
  ids.forEach((id, index) => {
    let rest = id - (ids[index - 1] ?? 0);
    for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
    bytes.push(rest);
  });
  const packed = Buffer.from(bytes).toString('base64');
  if (packed.length > MOST_CHARS) throw new ConnectorError('config', `the ERP has ${ids.length} unfinished stock moves, more than a snapshot can remember: finish or cancel old drafts, or start with history`);
  return packed;
}

export function unpackIds(packed: string): number[] {
  const ids: number[] = [];
  let last = 0;
  let value = 0;
  let weight = 1;
  for (const byte of Buffer.from(packed, 'base64')) {
    value += (byte % 128) * weight;
    weight *= 128;
    if (byte > 127) continue;
    ids.push((last += value));
    [value, weight] = [0, 1];
  }
  return ids;
}
