import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { endingWithUs, TRYTON_MODULES, TRYTON_VERSION } from './installed.js';
import { runServer } from './process.js';
import { TrytonRpc } from './rpc.js';

export const DATABASE = 'retailer';
/** Every user of the peer has this password. */
export const PASSWORD = 'shop-4871';
/** The user that a hub signs in as: it has no rights but those that the connector's guide asks for. */
export const HUB_USER = 'crossdock';
export const ADMIN_USER = 'admin';

/** The groups that the connector's guide (docs/connectors/tryton.md) asks for. */
const HUB_GROUPS = ['Stock', 'Stock Force Assignment'] as const;

const SOURCES = ['template.ts', 'process.ts', 'rpc.ts', 'installed.ts'].map((name) => new URL(name, import.meta.url));

/**
 * A folder that outlives test runs and is nobody else's: the template takes a quarter of a minute of a core to make. Falls back to
 * the system's temporary folder where the user has no home to write to.
 */
function cacheFolder(): string {
  const wish = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'crossdock-peers');
  const last = join('/var/tmp', `crossdock-peers-${process.getuid?.() ?? 'user'}`);
  for (const folder of [wish, last]) {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      accessSync(folder, constants.W_OK);
      return folder;
    } catch {
      // Read-only or somebody else's: the next one.
    }
  }
  throw new Error(`Neither ${wish} nor ${last} can be written to`);
}

/**
 * The file of a database with a company, its modules and its users, made at first use and kept for each version of Tryton and of
 * this harness. Processes that find none at the same moment each make one; whichever is ready first stays.
 */
export async function templateDatabase(): Promise<string> {
  const key = createHash('sha256').update(`${TRYTON_VERSION} ${TRYTON_MODULES.join(' ')}`);
  for (const source of SOURCES) key.update(readFileSync(source));
  const cache = cacheFolder();
  const template = join(cache, `tryton-${TRYTON_VERSION}-${key.digest('hex').slice(0, 16)}.sqlite`);
  if (existsSync(template)) return template;
  const folder = mkdtempSync(join(cache, 'making-'));
  try {
    renameSync(await makeDatabase(folder), template);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return template;
}

async function makeDatabase(folder: string): Promise<string> {
  const file = join(folder, `${DATABASE}.sqlite`);
  writeFileSync(file, '');
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, `${PASSWORD}\n`);
  const config = join(folder, 'admin.conf');
  writeFileSync(config, `[database]\nuri = sqlite://\npath = ${folder}\n`);
  const admin = endingWithUs('trytond-admin', ['-c', config, '-d', DATABASE, '-u', ...TRYTON_MODULES, '--activate-dependencies', '--email', 'admin@example.test']);
  await promisify(execFile)(admin.program, admin.args, { env: { ...process.env, TRYTONPASSFILE: passwordFile }, maxBuffer: 64 << 20 });
  const server = await runServer(folder, DATABASE);
  try {
    await setUpCompany(server.url);
  } finally {
    await server.stop();
  }
  return file;
}

/** The least that stock needs: a company, and the two users. */
async function setUpCompany(url: string): Promise<void> {
  const rpc = await TrytonRpc.login(`${url}/${DATABASE}/`, ADMIN_USER, PASSWORD);
  const [currency] = await rpc.call<number[]>('model.currency.currency.create', [[{ name: 'Pound Sterling', code: 'GBP', symbol: '£' }]]);
  const [party] = await rpc.call<number[]>('model.party.party.create', [[{ name: 'Practice Retailer Ltd' }]]);
  const [company] = await rpc.call<number[]>('model.company.company.create', [[{ party, currency }]]);
  const inCompany = { companies: [['add', [company]]], company };
  await rpc.call('model.res.user.write', [await rpc.call<number[]>('model.res.user.search', [[['login', '=', ADMIN_USER]]]), inCompany]);
  await rpc.refresh();
  const groups = await rpc.call<number[]>('model.res.group.search', [[['name', 'in', HUB_GROUPS]]]);
  await rpc.call('model.res.user.create', [[{ name: 'Crossdock', login: HUB_USER, password: PASSWORD, groups: [['add', groups]], ...inCompany }]]);
}
