import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { Audit, type Anchor } from '../core/audit/audit.js';
import { readSettings } from '../core/settings/settings.js';
import { ROOT, runCommand, say, tell, WrongUse } from './command-line.js';
import { withHubDatabase } from './hub-database.js';

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

await runCommand('audit', run);
