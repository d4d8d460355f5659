import { foldLedger, levelBalances } from '../checker/balances.js';
import type { LedgerMovement, StockLevel } from '../checker/evidence.js';
import type { Root } from './root.js';

const PAGE = 1_000;

async function* pages<Answer extends { readonly next: string | null; readonly more?: boolean }>(root: Root, path: string): AsyncGenerator<Answer> {
  for (let after = ''; ;) {
    const page = await root.get<Answer>(`${path}?limit=${PAGE}${after === '' ? '' : `&after=${after}`}`);
    yield page;
    if (page.next === null || page.more === false) return;
    after = page.next;
  }
}

async function ledgerOf(root: Root): Promise<{ movements: LedgerMovement[]; text: string }> {
  const movements: LedgerMovement[] = [];
  let text = '';
  for await (const { items } of pages<{ items: LedgerMovement[]; next: string; more: boolean }>(root, '/api/v1/ledger')) {
    movements.push(...items);
    text += JSON.stringify(items);
  }
  return { movements, text };
}

/** Conservation: every balance is the sum of its movements, and the ledger re-reads as it was. @returns what does not hold. */
export async function brokenInvariants(root: Root): Promise<{ movements: number; broken: string[] }> {
  const [first, second] = [await ledgerOf(root), await ledgerOf(root)];
  const levels: StockLevel[] = [];
  for await (const { items } of pages<{ items: StockLevel[]; next: string | null }>(root, '/api/v1/stock-levels')) levels.push(...items);
  const [ledger, balances] = [foldLedger(first.movements), levelBalances(levels)];
  const broken = [...new Set([...ledger.keys(), ...balances.keys()])].flatMap((shelf) => (ledger.get(shelf) === balances.get(shelf) ? [] : [`${shelf}: the ledger adds up to ${ledger.get(shelf) ?? 0}, the level says ${balances.get(shelf) ?? 0}`]));
  if (!second.text.startsWith(first.text.slice(0, -1))) broken.push('the ledger was not the same when it was read again');
  return { movements: first.movements.length, broken };
}
