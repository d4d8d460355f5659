import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { ERROR_CODES } from '../../src/core/errors/index.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LIST = 'src/core/errors/codes.ts';

/** Source text by path, without tests and without the list itself. Migrations count: database functions answer codes, too. */
function sources(): Map<string, string> {
  const files = ['src', 'migrations', 'packages/connector-sdk/src'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.spec.ts'))
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  return new Map(files.filter((file) => !file.endsWith(LIST)).map((file) => [file.slice(ROOT.length), readFileSync(file, 'utf8')]));
}

const documented = [...readFileSync(join(ROOT, 'docs/errors.md'), 'utf8').matchAll(/^\| ([A-Z_]+) \| (\d{3}) \| (.+) \| (.+) \|$/gm)].map(([, code, status, meaning, advice]) => ({ code, status: Number(status), meaning, advice }));
const listed = Object.entries(ERROR_CODES).map(([code, { status }]) => ({ code, status: status as number }));

it('documents every code of the list, with its status, in the same order, and no other', () => {
  expect(listed.length).toBeGreaterThan(20);
  expect(documented.map(({ code, status }) => ({ code, status }))).toEqual(listed);
});

it('says of every code what it means and what to do', () => {
  for (const { code, meaning, advice } of documented) expect([code, meaning?.trim().endsWith('.'), advice?.trim().endsWith('.')]).toEqual([code, true, true]);
});

it('uses every code of the list somewhere in the source', () => {
  const text = [...sources().values()].join('\n');
  expect(listed.map(({ code }) => code).filter((code) => !new RegExp(`['"\`]${code}['"\`]`).test(text))).toEqual([]);
});

it('throws no code that is not on the list', () => {
  const known = new Set<string>(Object.keys(ERROR_CODES));
  const strangers = [...sources()].flatMap(([file, text]) => [...text.matchAll(/new HubError\(\s*'([^']+)'/g)].map((match) => ({ file, code: match[1] as string })).filter(({ code }) => !known.has(code)));
  expect(strangers).toEqual([]);
});

it('throws at doors nothing but HubErrors: no HTTP exception of the framework', () => {
  const offenders = [...sources()].filter(([, text]) => /throw new (BadRequest|Unauthorized|Forbidden|NotFound|Conflict|Gone|PayloadTooLarge|UnprocessableEntity|InternalServerError|ServiceUnavailable|Http)\w*Exception/.test(text)).map(([file]) => file);
  expect(offenders).toEqual([]);
});
