import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { MIGRATIONS } from '../../migrations/index.js';

const FOLDER = fileURLToPath(new URL('../../migrations', import.meta.url));

/**
 * What the version before would trip over while both serve. A column is taken away in two releases: the first stops using
 * it, the second drops it (docs/runbooks/upgrade.md).
 */
const DESTRUCTIVE: Readonly<Record<string, RegExp>> = {
  'drops what the version before may use': /\bdrop\s+(table|column|schema|view|materialized view|function|procedure|type|sequence|domain|trigger)\b/i,
  'renames what the version before calls by its name': /\brename\s+(to|column|constraint|attribute)\b|\balter\s+(table|view|function|schema|index)\s+[^;]*?\brename\b/i,
  'changes a column under the version before': /\balter\s+column\s+\S+\s+(set\s+data\s+)?type\b|\balter\s+column\s+\S+\s+set\s+not\s+null\b|\balter\s+column\s+\S+\s+drop\s+default\b/i,
  'adds a column that the version before does not fill': /\badd\s+column\s+(?:if\s+not\s+exists\s+)?\w+\s+(?:(?!\bdefault\b|\bgenerated\b|\badd\b)[^,;`'])*\bnot\s+null\b(?:(?!\bdefault\b|\bgenerated\b)[^,;`'])*(?=[,;`'])/i,
  'throws data away': /(?<!\bor\s+)\btruncate\b/i,
};

/** Migrations that may, each with why and with the two steps. Nothing is added here without both. */
const LISTED: Readonly<Record<string, string>> = {
  '1700000010000-users.ts': 'The table of admins becomes the table of users. Step 1, here: its old name stays, as a view that the version before reads and writes. Step 2, a release later: the view is dropped.',
};

const files = readdirSync(FOLDER).filter((name) => /^\d+-.*\.ts$/.test(name)).sort();
/** A way back may destroy: nobody serves while it is gone. */
const upOf = (text: string): string => text.slice(text.indexOf('async up('), text.includes('async down(') ? text.indexOf('async down(') : undefined);

function sinsOf(text: string): string[] {
  return Object.entries(DESTRUCTIVE).filter(([, pattern]) => pattern.test(upOf(text))).map(([what]) => what);
}

it('adds only, so that the version before goes on working, but for what is listed with a plan of two steps', () => {
  const found = Object.fromEntries(files.map((name): [string, string[]] => [name, sinsOf(readFileSync(join(FOLDER, name), 'utf8'))]).filter(([name, sins]) => sins.length > 0 && !(name in LISTED)));
  expect(found).toEqual({});
});

it('lists no migration that need not be listed', () => {
  for (const name of Object.keys(LISTED)) expect([name, sinsOf(readFileSync(join(FOLDER, name), 'utf8')).length > 0]).toEqual([name, true]);
});

it.each([
  'drop table inventory.level', 'alter table a.b drop column c', 'alter table a.b rename column c to d', 'alter table a.b rename to c', 'alter table a.b alter column c type bigint',
  'alter table a.b alter column c set not null', 'alter table a.b add column c text not null,', 'truncate a.b', 'drop function a.f(int)', 'alter table a.b add column d int not null check (d > 0), add column e int',
])('would find: %s', (sql) => {
  expect(sinsOf(`async up() { run(\`${sql}\`) } async down() {}`)).not.toEqual([]);
});

it.each([
  'create table a.b (c text not null)', 'alter table a.b add column c text', 'alter table a.b add column c int not null default 0', 'alter table a.b alter column c drop not null', 'create or replace function a.f() returns int',
  'alter table a.b add column c text, add column d int not null default 1', 'drop index a.i', 'create trigger c before update or delete or truncate on a.b for each statement execute function a.f()',
])('lets through: %s', (sql) => {
  expect(sinsOf(`async up() { run(\`${sql}\`) } async down() { run('drop table a.b') }`)).toEqual([]);
});

it('runs every migration that there is, in the order of its number', () => {
  expect(MIGRATIONS.map(({ name }) => /\d+$/.exec(name)?.[0])).toEqual(files.map((name) => /^\d+/.exec(name)?.[0]));
});
