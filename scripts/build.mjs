// Builds what has changed: the connector SDK, the hub, and the bundles of plugins. Run by bin/crossdock.mjs, or by hand
// with `node scripts/build.mjs`. What was built from which content stands in dist/.build-stamp.json.
import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const stampFile = join(root, 'dist/.build-stamp.json');
const PLUGIN_SOURCES = [
  { from: 'src/plugins', to: 'dist/plugins' },
  { from: 'lab/plugins', to: 'dist/lab-plugins' },
];
const CHILD = { from: 'src/core/connector/child/bootstrap.ts', to: 'dist/plugin-child/bootstrap.mjs' };
const FORCE = process.argv.includes('--force');
const CHECK = process.argv.includes('--check');

/** Files below a path, sorted, without tests; nothing when the path does not exist. */
function filesBelow(path, skip = []) {
  if (skip.includes(path) || !existsSync(join(root, path))) return [];
  const entries = readdirSync(join(root, path), { withFileTypes: true });
  return entries
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(`${path}/${entry.name}`, skip) : entry.name.endsWith('.spec.ts') ? [] : [`${path}/${entry.name}`]));
}

function fingerprint(files) {
  const hash = createHash('sha256');
  for (const file of files.filter((name) => existsSync(join(root, name)))) hash.update(file).update('\0').update(readFileSync(join(root, file))).update('\0');
  return hash.digest('hex');
}

const TOOLS = ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'nest-cli.json', 'scripts/build.mjs'];
const SDK = filesBelow('packages/connector-sdk/src').concat('packages/connector-sdk/package.json', 'packages/connector-sdk/tsconfig.json');

/** Each part: what it is made from, what must exist once it is made, and how. */
const parts = {
  sdk: { inputs: [...TOOLS, ...SDK], made: ['packages/connector-sdk/dist/index.js'], build: buildSdk },
  hub: {
    inputs: [...TOOLS, ...SDK, ...['src', 'migrations', 'lab', 'bench'].flatMap((path) => filesBelow(path, ['src/plugins', 'lab/plugins']))],
    made: ['dist/src/main.js'],
    build: buildHub,
  },
  bundles: {
    inputs: [...TOOLS, ...SDK, ...PLUGIN_SOURCES.flatMap(({ from }) => filesBelow(from)), ...filesBelow('src/core')],
    made: [...PLUGIN_SOURCES.flatMap(({ from, to }) => pluginIds(from).map((id) => `${to}/${id}/index.mjs`)), ...(existsSync(join(root, CHILD.from)) ? [CHILD.to] : [])],
    build: buildBundles,
  },
};

function run(script, args) {
  const done = spawnSync(process.execPath, [join(root, script), ...args], { cwd: root, stdio: ['ignore', 2, 2] });
  if (done.status !== 0) throw new Error(`${script} ${args.join(' ')} failed`);
}

function buildSdk() {
  run('node_modules/typescript/bin/tsc', ['-p', 'packages/connector-sdk']);
}

function buildHub() {
  // The compiler's incremental record would make it skip files that somebody has deleted from dist/.
  if (!existsSync(join(root, 'dist/src/main.js'))) rmSync(join(root, 'dist/.tsbuildinfo'), { force: true });
  run('node_modules/@nestjs/cli/bin/nest.js', ['build']);
}

function pluginIds(from) {
  if (!existsSync(join(root, from))) return [];
  return readdirSync(join(root, from)).filter((id) => existsSync(join(root, from, id, 'index.ts')) && existsSync(join(root, from, id, 'manifest.json')));
}

async function bundle(rolldown, input, file) {
  const built = await rolldown({
    input: join(root, input), platform: 'node', tsconfig: join(root, 'tsconfig.json'), external: [/^node:/], logLevel: 'warn',
    resolve: { alias: { '@crossdock/connector-sdk': join(root, 'packages/connector-sdk/src/index.ts') } },
  });
  // One file, whatever is imported: the plugin process may read nothing but its own folder.
  await built.write({ file, format: 'esm', codeSplitting: false, sourcemap: true });
  await built.close();
}

async function buildBundles() {
  const { rolldown } = await import('rolldown');
  for (const { from, to } of PLUGIN_SOURCES) {
    const unfinished = join(root, `${to}.new`);
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(unfinished, { recursive: true });
    for (const id of pluginIds(from)) {
      await bundle(rolldown, `${from}/${id}/index.ts`, join(unfinished, id, 'index.mjs'));
      cpSync(join(root, from, id, 'manifest.json'), join(unfinished, id, 'manifest.json'));
    }
    rmSync(join(root, to), { recursive: true, force: true });
    renameSync(unfinished, join(root, to));
  }
  if (existsSync(join(root, CHILD.from))) await bundle(rolldown, CHILD.from, join(root, CHILD.to));
}

function readStamp() {
  try {
    return JSON.parse(readFileSync(stampFile, 'utf8'));
  } catch {
    return {};
  }
}

const stamp = FORCE ? {} : readStamp();
const marks = Object.fromEntries(Object.entries(parts).map(([name, { inputs }]) => [name, fingerprint(inputs)]));
const due = Object.keys(parts).filter((name) => stamp[name] !== marks[name] || parts[name].made.some((file) => !existsSync(join(root, file))));
if (CHECK) process.exit(due.length === 0 ? 0 : 3);
try {
  for (const name of due) {
    process.stderr.write(`crossdock: building ${name}\n`);
    await parts[name].build();
    stamp[name] = marks[name];
    // What was compiled from the old files would stay for ever.
    rmSync(join(root, '.tmp/compile-cache'), { recursive: true, force: true });
    mkdirSync(join(root, 'dist'), { recursive: true });
    writeFileSync(`${stampFile}.new`, `${JSON.stringify(stamp)}\n`);
    renameSync(`${stampFile}.new`, stampFile);
  }
} catch (error) {
  process.stderr.write(`crossdock: the build failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
