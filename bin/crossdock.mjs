#!/usr/bin/env node
// The launcher behind npm start, npm test and the other commands of help.mjs. It runs on any Node from 20, needs no
// package, installs and builds what is missing, and hands over to the Node that the lockfile pins.
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { COMMANDS, help } from './launcher/help.mjs';
import { install, isInstalled } from './launcher/install.mjs';
import { NODE_FLAGS } from './launcher/node-flags.mjs';
import { becomeOrRun, findRuntime, run } from './launcher/runtime.mjs';
import { inTurn } from './launcher/turn.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const say = (line) => process.stderr.write(`crossdock: ${line}\n`);

function build(runtime, ...flags) {
  return spawnSync(runtime, [join(root, 'scripts/build.mjs'), ...flags], { cwd: root, stdio: ['ignore', 2, 2] }).status;
}

/** Most starts find everything in place and need no turn, so that a clone which one may not write still starts. */
async function prepare() {
  if (isInstalled(root)) {
    const runtime = findRuntime(root, say);
    if (build(runtime, '--check') === 0) return runtime;
  }
  return inTurn(root, async () => {
    if (!isInstalled(root)) await install(root, say);
    const runtime = findRuntime(root, say);
    if (build(runtime) !== 0) throw new Error('nothing was started, because the build failed');
    return runtime;
  }, say);
}

function benchmarks() {
  const folder = join(root, 'bench');
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts')).map((name) => name.slice(0, -3));
}

function programOf(command, args) {
  if (command === 'start') return [...NODE_FLAGS, join(root, 'dist/src/main.js'), ...args];
  if (command === 'test') return [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...args];
  if (command === 'backup') return [join(root, 'dist/src/commands/backup.js'), ...args];
  if (command === 'audit') return [join(root, 'dist/src/commands/audit.js'), ...args];
  if (command === 'keys') return [join(root, 'dist/src/commands/keys.js'), ...args];
  if (command === 'demo') return [join(root, 'dist/lab/demo.js'), ...args];
  if (command === 'torture:trading') return tradingProgram('verbose');
  if (command === 'torture:replicas') return [join(root, 'dist/lab/torture-replicas.js'), ...args];
  if (command === 'torture:api') return [join(root, 'dist/lab/torture-api.js'), ...args];
  return [join(root, 'dist/bench', `${args[0]}.js`), ...args.slice(1)];
}

const tradingProgram = (reporter) => [join(root, 'node_modules/vitest/vitest.mjs'), 'run', 'test/e2e/trading.spec.ts', `--reporter=${reporter}`];

/** The demo's day, and then, where they are installed, a real shop and a real ERP; a day of somebody's own file stands alone. */
async function demo(runtime, args) {
  const code = await run(runtime, programOf('demo', args), { cwd: root });
  const alone = ['--simulated', '--data', '--keep'].some((option) => args.some((arg) => arg === option || arg.startsWith(`${option}=`)));
  if (code !== 0 || alone) return code;
  return becomeOrRun(runtime, tradingProgram(join(root, 'test/trading/demo-reporter.ts')), { cwd: root });
}

/** The options of the long trading run, as its test reads them from the environment; undefined when they make no sense. */
function tradingWish(args) {
  const wish = { days: 7, orders: 100_000, lines: 100_000, kills: 5 };
  for (let index = 0; index < args.length; index += 2) {
    const name = args[index]?.replace(/^--/, '');
    if (!(name in wish) || !/^\d{1,6}$/.test(args[index + 1] ?? '')) return undefined;
    wish[name] = args[index + 1];
  }
  return Object.fromEntries(Object.entries(wish).map(([name, value]) => [`TRADING_${name.toUpperCase()}`, String(value)]));
}

async function main([command = '', ...args]) {
  const asked = args.indexOf('--help') >= 0 || args.indexOf('-h') >= 0;
  if (!COMMANDS.includes(command) || asked) {
    (COMMANDS.includes(command) ? process.stdout : process.stderr).write(help(command));
    return COMMANDS.includes(command) || command === '--help' ? 0 : 2;
  }
  if (command === 'bench' && !benchmarks().includes(args[0])) {
    process.stderr.write(`${help('bench')}\nKnown: ${benchmarks().join(', ')}\n`);
    return 2;
  }
  const trading = command === 'torture:trading' ? tradingWish(args) : {};
  if (!trading) {
    process.stderr.write(help(command));
    return 2;
  }
  const runtime = await prepare();
  if (command === 'demo') return demo(runtime, args);
  // Many short processes load the same packages: a cache of compiled code saves an eighth of the tests' time. The hub
  // itself runs without, because it would be 10 MB larger.
  const env = command === 'test' ? { NODE_COMPILE_CACHE: join(root, '.tmp/compile-cache') } : trading;
  return becomeOrRun(runtime, programOf(command, args), { cwd: root, env });
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  say(error.message);
  process.exitCode = 1;
}
