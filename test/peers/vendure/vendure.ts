import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isInstalled, peerFolder } from './install.mjs';
import { VendureShop, type NewProduct } from './shop.js';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const UP_WITHIN_MS = 60_000;

/** Why the tests against the real Vendure cannot run, if they cannot. Part of each such test's name. */
export const ABSENT = isInstalled() ? undefined : 'Vendure is not installed: node test/peers/vendure/install.mjs';

/** A real Vendure in a process of its own, with a furnished and empty shop: one stock location (id 1), no products, no orders. */
export interface Vendure {
  /** Origin, without a trailing slash: `/admin-api` and `/shop-api` are below it. */
  readonly url: string;
  readonly credentials: { readonly username: string; readonly password: string };
  /** The shop as its staff and its customers use it. */
  readonly shop: VendureShop;
  /** Makes one product with one variant for each; gives the variants' ids in the same order. A thousand take about three seconds. */
  addProducts(products: readonly NewProduct[]): Promise<string[]>;
  /** As if every customer had filled her basket an hour ago. */
  ageBaskets(): Promise<void>;
  /** Signs everybody out who is signed in under this name. */
  endSessions(username: string): Promise<void>;
  /** Ends the process; its database was in memory only, and nothing is left. */
  stop(): Promise<void>;
}

/** The furnished database, made by whoever needs it first, for this Vendure and this way to furnish. */
function templateFile(): string {
  const hash = createHash('sha256');
  for (const name of ['furnishing.mjs', 'server.mjs']) hash.update(readFileSync(join(HERE, name)));
  return join(peerFolder(), `shop-${hash.digest('hex').slice(0, 12)}.sqlite`);
}

/** Boots a shop on a free port of the loopback: about two seconds and 300 MB. */
export async function startVendure(): Promise<Vendure> {
  if (ABSENT !== undefined) throw new Error(ABSENT);
  const child = fork(join(HERE, 'server.mjs'), [JSON.stringify({ folder: peerFolder(), template: templateFile() })], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: [],
    env: { PATH: process.env['PATH'], VENDURE_DISABLE_TELEMETRY: 'true' },
  });
  const ended = once(child, 'exit');
  const up = once(child, 'message', { signal: AbortSignal.timeout(UP_WITHIN_MS) }) as Promise<[{ url: string }]>;
  const first = await Promise.race([up, ended.then(([code]) => `Vendure ended with ${String(code)}`)]).catch((error: unknown) => `Vendure did not come up: ${String(error)}`);
  if (typeof first === 'string') {
    child.kill('SIGKILL');
    throw new Error(first);
  }
  const [{ url }] = first;
  const credentials = { username: 'superadmin', password: 'superadmin' };
  let asked = 0;
  const ask = async <Given>(what: string, given: Given): Promise<unknown> => {
    const id = ++asked;
    child.send({ id, ask: what, given });
    for (;;) {
      const [said] = (await once(child, 'message')) as [{ id: number; answer: unknown; error?: string }];
      if (said.id === id && said.error !== undefined) throw new Error(said.error);
      if (said.id === id) return said.answer;
    }
  };
  return {
    url,
    credentials,
    shop: await VendureShop.open(url, credentials),
    addProducts: async (products) => (await ask('addProducts', products)) as string[],
    ageBaskets: async () => void (await ask('ageBaskets', null)),
    endSessions: async (username) => void (await ask('endSessions', username)),
    stop: async () => {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
