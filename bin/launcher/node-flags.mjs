/** How Node is started for a hub; a copy of NODE_FLAGS in src/core/lifecycle/node-flags.ts, which says why. */
export const NODE_FLAGS = ['--disable-sigusr1', '--max-semi-space-size=8'];
