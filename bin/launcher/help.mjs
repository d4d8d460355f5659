import { SETTINGS_TABLE } from './settings-table.mjs';

function settings() {
  const widths = [0, 1].map((column) => Math.max(...SETTINGS_TABLE.map((row) => row[column].length)));
  return SETTINGS_TABLE.map(([name, meaning, byDefault]) => `  ${name.padEnd(widths[0])}  ${meaning.padEnd(widths[1])}  [${byDefault}]`).join('\n');
}

const TEXTS = {
  start: () => `npm start

Installs and builds what is missing, then runs the hub: its own Postgres, migrations, the API. Prints one line
'Crossdock ready: http://...' and, until the hub is claimed, 'Setup token: ...'. SIGTERM or Ctrl-C stops it cleanly.

Settings, all by environment variable [default]:

${settings()}

Exit codes: 0 stopped as asked, 1 could not start or stop, 2 a setting cannot be used.
`,
  test: () => `npm test [-- <vitest arguments>]

Installs and builds what is missing, then runs every test on a Postgres of its own. Arguments go to vitest, for example
  npm test -- test/integration/wake-ups.spec.ts
  npm test -- -t 'the last unit'
CROSSDOCK_REAL_DATA names a folder of real payloads; tests that need it are skipped without it.
`,
  demo: () => `npm run demo [-- <options>]

Installs and builds what is missing, then replays a trading day through a hub of its own and prints a report.
  --data <file>   the UCI Online Retail file instead of the seeded generator (the README says where to get it)
`,
  bench: () => `npm run bench -- <name> [options]

Installs and builds what is missing, then runs one measurement of bench/. Without a name it lists them.
`,
};

export const COMMANDS = Object.keys(TEXTS);

export function help(command) {
  if (command in TEXTS) return TEXTS[command]();
  return `usage: node bin/crossdock.mjs <${COMMANDS.join('|')}> [arguments]\n       node bin/crossdock.mjs <command> --help\n`;
}
