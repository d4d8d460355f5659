import { expect, it } from 'vitest';
import { NODE_FLAGS } from './node-flags.js';

const LAUNCHER_FLAGS = new URL('../../../bin/launcher/node-flags.mjs', import.meta.url).href;

it('are the same in the launcher and in everything else that starts a hub', async () => {
  const { NODE_FLAGS: launcherFlags } = (await import(/* @vite-ignore */ LAUNCHER_FLAGS)) as { NODE_FLAGS: string[] };
  expect(launcherFlags).toEqual(NODE_FLAGS);
});
