import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { SETTING_ROWS } from '../../src/core/settings/settings.js';
import { ACCESS } from '../support/access/table.js';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

function markdown(folder = ''): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (['node_modules', 'dist', '.git', '.data'].includes(entry.name)) return [];
    if (entry.isDirectory()) return markdown(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

it('names only files and folders that exist in docs/ARCHITECTURE.md', () => {
  const named = [...read('docs/ARCHITECTURE.md').matchAll(/`?\b((?:src|packages|lab|bench|migrations|test)\/[\w./-]+|(?:lab|bench|migrations))`/g)].map((match) => match[1] as string);
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((path) => !existsSync(join(ROOT, path)) && !existsSync(join(ROOT, `${path}.ts`)))).toEqual([]);
});

it('shows in the README exactly the settings that the hub reads', () => {
  const table = /<!-- settings -->\n([\s\S]*?)<!-- \/settings -->/.exec(read('README.md'))?.[1] ?? '';
  const rows = table.trim().split('\n').slice(2);
  expect(rows).toEqual(SETTING_ROWS.map((row) => `| \`${row.name}\` | ${row.meaning} | ${row.byDefault} |`));
});

/** After a change of the table, `npx vitest run test/tidy/docs.spec.ts -u` writes the page anew. */
it('shows in docs/access-routes.md exactly who may call what', async () => {
  const open = { anybody: 'anybody', signature: 'by signature' };
  const rows = [...ACCESS].map(([route, one]) => (one.kind === 'closed' ? `| \`${route}\` | ${one.role ?? '-'} | ${one.scope ?? '-'} |` : `| \`${route}\` | ${open[one.kind]} | ${open[one.kind]} |`));
  const intro = 'The least role of [users](access.md) who may call a route, and the scope that opens it to an API client; `-` is nobody of that kind. Written by `test/tidy/docs.spec.ts`.';
  await expect(`# Who may call what\n\n${intro}\n\n| operation | users | API clients |\n| --- | --- | --- |\n${rows.join('\n')}\n`).toMatchFileSnapshot('../../docs/access-routes.md');
});

it('links only to pages that exist', () => {
  const pages = markdown();
  expect(pages.length).toBeGreaterThan(8);
  const broken = pages.flatMap((page) =>
    [...read(page).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map((match) => match[1] as string).filter((target) => !existsSync(join(ROOT, dirname(page), target))).map((target) => `${page} -> ${target}`),
  );
  expect(broken).toEqual([]);
});

it('names only npm commands that package.json has', () => {
  const scripts = new Set(Object.keys((JSON.parse(read('package.json')) as { scripts: object }).scripts));
  const named = markdown().flatMap((page) => [...read(page).matchAll(/npm run ([\w:-]+)/g)].map((match) => match[1] as string));
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter((name) => !scripts.has(name))).toEqual([]);
});
