import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from '../support/built.js';
import { all, copyOf, type Instruction } from './dockerfile.js';

/** Packages that are left when the development ones are pruned, as paths in the lockfile. */
export function shippedPackages(): string[] {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as { packages: Record<string, { dev?: boolean; devOptional?: boolean }> };
  return Object.entries(packages).filter(([path, { dev, devOptional }]) => path.startsWith('node_modules/') && !dev && !devOptional && existsSync(join(ROOT, path))).map(([path]) => path);
}

/** Hard links where the folder lies on one disk with the clone: half a gigabyte is not copied for a test. */
function place(source: string, target: string): void {
  mkdirSync(dirname(target), { recursive: true });
  const linked = spawnSync('cp', ['-al', source, target], { encoding: 'utf8' });
  if (linked.status !== 0) cpSync(source, target, { recursive: true, verbatimSymlinks: true });
}

/** A package's own files, without the packages nested in it: those are placed by themselves, if they ship at all. */
function placePackage(path: string, app: string): void {
  const target = join(app, path);
  if (!existsSync(target)) place(join(ROOT, path), target);
}

/**
 * Lays out the files of the image's last stage below `app`, as its COPY lines say; what the build stage makes is taken from
 * this clone's own build. Only what is named is there: a file that the start needs and no line copies is missed.
 */
export function layOut(stage: readonly Instruction[], app: string): void {
  mkdirSync(app, { recursive: true });
  chmodSync(app, 0o755);
  for (const value of all(stage, 'COPY')) {
    const { sources, target } = copyOf(value);
    for (const source of sources) {
      const path = source.replace(/^\/app\//, '');
      if (path === 'node_modules') shippedPackages().sort().forEach((one) => placePackage(one, app));
      else if (path !== 'sbom.cdx.json') place(join(ROOT, path), target.endsWith('/') ? join(app, target, path.split('/').at(-1) ?? '') : join(app, target));
    }
  }
}
