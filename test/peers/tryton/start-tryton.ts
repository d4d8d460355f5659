import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runServer, type TrytonProcess } from './process.js';
import { TrytonRetailer } from './retailer.js';
import { TrytonRpc } from './rpc.js';
import { ADMIN_USER, DATABASE, PASSWORD, templateDatabase } from './template.js';

/** What a `beforeAll` that calls startTryton must be allowed: its first use on a machine makes the template database. */
export const TRYTON_START_MS = 300_000;
/** What a test that trades with it must be allowed on a busy machine: an interpreted ERP with a client that clicks each document through. */
export const TRYTON_TEST_MS = 120_000;

/** A real Tryton ERP of one test file: its own database, its own process. */
export interface TrytonPeer {
  /** `http://127.0.0.1:1234`: a connection's `config.url`; its `config.database` is DATABASE. */
  readonly url: string;
  /** Where calls go: the url with the database. */
  readonly address: string;
  /** The SQLite file, for faults that no API can make (a transaction that commits late, say). */
  readonly databaseFile: string;
  /** The administrator's session, and what people do in the ERP with it. */
  readonly retailer: TrytonRetailer;
  /** Another user's session. */
  login(user: string, password?: string): Promise<TrytonRpc>;
  /** Ends the server in the given way and starts it again at the same address, on the same database. Sessions survive. */
  restart(signal?: NodeJS.Signals): Promise<void>;
  /** Ends the server and leaves it down until `restart`. */
  down(signal?: NodeJS.Signals): Promise<void>;
  /** Ends it for good and leaves nothing behind. */
  stop(): Promise<void>;
}

/** Starts a Tryton with one company, one warehouse and no goods. Check TRYTON_ABSENT first; call `stop` in the end. */
export async function startTryton(): Promise<TrytonPeer> {
  const template = await templateDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'tryton-'));
  const databaseFile = join(folder, `${DATABASE}.sqlite`);
  copyFileSync(template, databaseFile);
  let server: TrytonProcess = await runServer(folder, DATABASE);
  const { url } = server;
  const address = `${url}/${DATABASE}/`;
  const login: TrytonPeer['login'] = (user, password = PASSWORD) => TrytonRpc.login(address, user, password);
  return {
    url, address, databaseFile, login,
    retailer: new TrytonRetailer(await login(ADMIN_USER)),
    down: (signal) => server.stop(signal),
    restart: async (signal) => {
      await server.stop(signal);
      server = await runServer(folder, DATABASE, Number(new URL(url).port));
    },
    stop: async () => {
      await server.stop('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
