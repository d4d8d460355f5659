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
  audit: () => `npm run audit -- <verify|export> [options]

Reads the log of what was done on the admin side, while the hub runs or while it is stopped.

  verify                    checks that nothing in it was changed, and prints its head: keep that outside
    --anchor NUMBER:HASH    a head that was kept: finds a log that was cut off or written anew as well
  export                    every entry as a line of JSON, the oldest first
  --help                    this text

Exit codes: 0 intact, 1 not, 2 wrong use.
`,
  keys: () => `npm run keys -- <status|check|rotate|forget> [options]

Works on the master keys of the hub, while it runs or while it is stopped. docs/runbooks/key-rotation.md leads through it.

  status       which master keys there are, what is under each, and how far a rotation is
  check        opens every stored credential, and names the connections whose credentials do not open
  rotate       brings everything under the first key of the key file, in batches; begin it again after an interruption
    --new      makes a new key and puts it first (one hub alone; several have to be given the key before)
    --batch N  how much at a time [100]
  forget       takes keys out of the key file that nothing is under any more
  --help       this text

The settings of the hub say where key file and database are (npm start -- --help).

Exit codes: 0 done, 1 something is missing or does not open, 2 wrong use.
`,
  demo: () => `npm run demo [-- <options>]

Installs and builds what is missing, then starts a hub, connects a practice retailer to it (a shop, two marketplaces,
an app, store tills), plays a trading day, and prints a report with the verdict of an independent checker. Then, where Vendure and Tryton are installed (docs/testing.md), a real shop and a real ERP trade through a
hub of their own. docs/demo.md explains every line of it.

  --orders N     orders of the generated day [5000]
  --items N      items that the retailer sells [400]
  --minutes M    how long the generated day is played, by the clock on the wall [0.75]
  --speed X      instead of --minutes: how many times as fast as life
  --data FILE    the UCI Online Retail file instead, as fast as the hub takes it (docs/demo.md says where to get it)
  --rows N       only the first N rows of that file
  --seed N       another day, and other accidents on the way [1]
  --kill N       kill -9 the hub and its Postgres N times at random points and start them again; stock is ample then
  --calm         no message is doubled, late, lost or shuffled
  --json FILE    write the report as JSON too
  --keep         leave the hub running at the end, to look around in it
  --simulated    no real shop and ERP at the end
  --help         this text

Exit codes: 0 every check is true, 1 one is false or the replay failed, 2 the options make no sense, 130 interrupted.
`,
  'torture:replicas': () => `npm run torture:replicas [-- <options>]

Installs and builds what is missing, then plays a trading day to several replicas on one Postgres while they are killed and
stalled, their Postgres is restarted and killed, and their Redis is emptied, hung, filled and killed; an independent checker
judges it. Every combination of topology and queue is played once a round, each on a database of its own; then callers race
for the last units.

  --rounds N          how often every combination is played, with the next seed each time [1]
  --seed N            the first seed [1]
  --topology NAMES    api+worker, all+all, api+api+worker, api+worker+worker; several with commas [all of them]
  --queue NAMES       postgres, redis [both; without redis-server only postgres, and it says so]
  --orders N          orders of each trading day [2000]
  --minutes M         how long each is played, by the clock on the wall [0.5]
  --faults NAMES      kill, stall, postgres-restart, postgres-kill, flush, hang, full, redis-kill; in this order, spread over
                      the day [all, and kill twice]
  --matrix            instead: one day for each fault of replicas, Postgres and Redis by itself, and on a Redis that has
                      just been emptied
  --races N           races for the last units at the end of each, one replica killed in each [5]
  --freezes N         how often one is frozen in the middle of posting, intake, publication and a feed until another has taken
                      over, and then goes on; 0 leaves it out [1]
  --json FILE         write all reports as JSON
  --help              this text

Exit codes: 0 every check is true, 1 one is false or could not be made, 2 the options make no sense.
`,
  'torture:trading': () => `npm run torture:trading [-- <options>]

Installs and builds what is missing, then has a real shop (Vendure) and a real ERP (Tryton) trade through the hub, which is killed on
the way, and compares all three with the sums of what was done. Both must be installed: docs/testing.md says how. With
CROSSDOCK_REAL_DATA the trades are those of the UCI Online Retail file.

  --days N            days of the file [7]
  --orders N          orders at most [100000]
  --lines N           lines of an order at most [100000]
  --kills N           kill -9 the hub so often, evenly spread [5]
  --help              this text

Exit codes: 0 all equal, 1 not, 2 the options make no sense.
`,
  'torture:api': () => `npm run torture:api [-- <options>]

Installs and builds what is missing, then starts a hub of its own, reads its OpenAPI document, and throws hostile and
nearly valid requests at every operation in it, with malformed messages on raw sockets and valid histories in between.
Every answer is judged: no 5xx, every refusal a problem document with a documented code, nothing of the inside shown,
every answer as the document says. Afterwards the hub must work, and its ledger must add up. docs/testing.md says more.

  --cases N      how many requests [100000]
  --minutes M    stop after so many minutes, if that is sooner
  --seed N       other requests [1]
  --from N       begin with the request of this number: to go on where a run ended, or to repeat one that was found
  --only TEXT    only operations whose name contains this, for example 'POST /api/v1/reservations'
  --json FILE    write the report as JSON too
  --help         this text

Exit codes: 0 it held, 1 something was found or nothing was sent, 2 the options make no sense.
`,
  bench: () => `npm run bench -- <name> [options]

Installs and builds what is missing, then runs one measurement of bench/. Without a name it lists them.
`,
  backup: () => `npm run backup -- create FILE [--with-key] [--verify]
npm run backup -- verify FILE
npm run backup -- restore FILE

Backs up the hub's own Postgres (CROSSDOCK_DATA_DIR), while the hub runs or while it is stopped, into one compressed file with
its checksum beside it. docs/runbooks/backup-and-restore.md tells how often, where to, and what to do on the day.

  create FILE    everything that was acknowledged until it ends; FILE must not exist
    --with-key   credentials.key as well: whoever has the file can then read the credentials of all connections
    --verify     verify it at once
  verify FILE    restores it into a scratch folder, starts a Postgres there, reads every row, and checks that each stock
                 level is the sum of its movements
  restore FILE   into a data directory that holds no cluster, with the same checks; nothing is overwritten

Exit codes: 0 done and sound, 1 a check failed or it could not be done, 2 it makes no sense as it was asked.
`,
};

export const COMMANDS = Object.keys(TEXTS);

export function help(command) {
  if (command in TEXTS) return TEXTS[command]();
  return `usage: node bin/crossdock.mjs <${COMMANDS.join('|')}> [arguments]\n       node bin/crossdock.mjs <command> --help\n`;
}
