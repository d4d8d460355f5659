import { registerHooks, syncBuiltinESMExports } from 'node:module';
import os from 'node:os';

/**
 * What is left of Node for a connector. Everything here computes and nothing reaches out. The permission model alone is
 * not enough: under it `node:sqlite` of Node 26.10 still opens and writes any file, `process.kill` signals the hub (which
 * opens an inspector), and `os.setPriority` slows it down.
 */
const ALLOWED_BUILTINS: ReadonlySet<string> = new Set([
  'node:assert', 'node:assert/strict', 'node:buffer', 'node:crypto', 'node:events', 'node:path', 'node:path/posix', 'node:punycode', 'node:querystring',
  'node:stream', 'node:stream/promises', 'node:string_decoder', 'node:timers', 'node:timers/promises', 'node:url', 'node:util', 'node:util/types', 'node:zlib',
]);

/** Doors out of the process, or into the internals that would lead to one. */
const PROCESS_DOORS = [
  'kill', '_kill', '_debugProcess', '_debugEnd', '_startProfilerIdleNotifier', '_stopProfilerIdleNotifier', 'binding', '_linkedBinding', 'dlopen', 'execve',
  'abort', 'report', 'loadEnvFile', 'chdir', 'umask', 'setuid', 'seteuid', 'setgid', 'setegid', 'setgroups', 'initgroups', 'openStdin',
  '_getActiveHandles', '_getActiveRequests', '_rawDebug', 'send', 'disconnect', 'channel',
] as const;

const GLOBAL_DOORS = ['WebSocket', 'EventSource', 'localStorage', 'sessionStorage', 'Worker', 'Storage'] as const;

const OS_DOORS = ['setPriority'] as const;

function remove(target: object, name: string): void {
  if (!Object.hasOwn(target, name)) return;
  if (!Reflect.deleteProperty(target, name)) Object.defineProperty(target, name, { value: undefined, writable: false, configurable: false });
}

function withScheme(specifier: string): string {
  return specifier.startsWith('node:') ? specifier : `node:${specifier}`;
}

/**
 * Takes the doors away. It must run before the connector's file is imported; only `entryUrl` may be loaded afterwards.
 * @returns nothing: what is taken away here cannot be had back in this process.
 */
export function harden(entryUrl: string): void {
  for (const name of PROCESS_DOORS) remove(process, name);
  for (const name of GLOBAL_DOORS) remove(globalThis, name);
  for (const name of OS_DOORS) remove(os, name);
  const builtin = process.getBuiltinModule.bind(process) as (name: string) => unknown;
  const filtered = (name: string): unknown => (ALLOWED_BUILTINS.has(withScheme(String(name))) ? builtin(String(name)) : undefined);
  Object.defineProperty(process, 'getBuiltinModule', { value: filtered, writable: false, configurable: false });
  Object.defineProperty(process, 'env', { value: Object.freeze({}), writable: false, configurable: false });
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier === entryUrl) return next(specifier, context);
      const name = withScheme(specifier);
      if (ALLOWED_BUILTINS.has(name)) return next(name, context);
      throw Object.assign(new Error(`A connector may not import '${specifier}'. It is one bundled file; of Node it has ${[...ALLOWED_BUILTINS].join(', ')}.`), { code: 'ERR_ACCESS_DENIED' });
    },
  });
  // Without this, `import { kill } from 'node:process'` would still hand out what was deleted above.
  syncBuiltinESMExports();
}
