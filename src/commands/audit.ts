import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Audit, type Anchor } from '../core/audit/audit.js';
import { HubError } from '../core/errors/index.js';
import { readSettings } from '../core/settings/settings.js';
import { withHubDatabase } from './hub-database.js';

/** The clone: this file is dist/src/commands/audit.js in it. */
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

const say = (line: string): void => void process.stderr.write(`crossdock: ${line}\n`);
const tell = (line: string): void => void process.stdout.write(`${line}\n`);

class WrongUse extends Error {}

function anchorOf(text: string | undefined): Anchor | undefined {
  if (text === undefined) return undefined;
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq === undefined || hash === undefined) throw new WrongUse('--anchor is <number>:<hash>, as verify prints it');
  return { seq: Number(seq), hash };
}

async function verify(audit: Audit, anchor: Anchor | undefined): Promise<number> {
  const { intact, entries, fault, head } = await audit.verify(anchor);
  tell(fault ? `NOT INTACT at ${fault.seq}: ${fault.detail}` : `intact: ${entries} entries`);
  tell(`head ${head.seq}:${head.hash}`);
  return intact ? 0 : 1;
}

async function exported(audit: Audit): Promise<number> {
  for await (const line of audit.lines()) if (!process.stdout.write(line)) await once(process.stdout, 'drain');
  return 0;
}

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: { anchor: { type: 'string' } } });
  const [action = '', ...more] = positionals;
  if (!['verify', 'export'].includes(action) || more.length > 0) throw new WrongUse('say verify or export');
  const anchor = anchorOf(values.anchor);
  return withHubDatabase(readSettings(process.env, ROOT), say, (database) => (action === 'verify' ? verify(new Audit(database), anchor) : exported(new Audit(database))));
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  const wrongUse = error instanceof WrongUse || (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS');
  say(error instanceof Error && (wrongUse || error instanceof HubError) ? `${error.message}${wrongUse ? '; `npm run audit -- --help` tells more' : ''}` : String((error as Error).stack ?? error));
  process.exitCode = wrongUse || (error instanceof HubError && error.code === 'SETTINGS_INVALID') ? 2 : 1;
}
