import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let checked = false;

/**
 * Tests of the built hub must not pass or fail by an old build. `npm test` builds first; a bare `npx vitest` does not.
 * @throws Error that says how to build.
 */
export function requireBuild(): void {
  if (checked) return;
  const { status } = spawnSync(process.execPath, [join(ROOT, 'scripts/build.mjs'), '--check'], { cwd: ROOT });
  if (status !== 0) throw new Error('dist/ is older than the sources: run `npm run build` first (npm test does it by itself).');
  checked = true;
}
