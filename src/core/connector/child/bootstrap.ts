import type { Connector } from '@crossdock/connector-sdk';
import { pathToFileURL } from 'node:url';
import { PLUGIN_METHODS, type HostMessage } from '../wire/messages.js';
import { brokeredFetch } from './brokered-fetch.js';
import { BrokeredHttp } from './brokered-http.js';
import { Calls } from './calls.js';
import { Channel } from './channel.js';
import { harden } from './harden.js';
import { captureModules, probeWall } from './probe.js';

/**
 * The file that a plugin's child process starts with, bundled into one. It takes away what could reach out, imports the
 * one file of the connector, and answers the hub's calls. Nothing here is trusted by the hub: whatever comes out of this
 * process is judged again on the other side.
 */
const mode = process.argv[2];
const entryUrl = pathToFileURL(process.argv[3] ?? '/').href;

let calls: Calls | undefined;
const channel: Channel = new Channel(receive, () => void globalThis.gc?.());
const http = new BrokeredHttp(channel);

function receive(message: HostMessage, body: Buffer): void {
  if (message.type === 'call') void calls?.run(message);
  else if (message.type === 'abort') calls?.abort(message.id);
  else http.settle(message, body);
}

async function serve(): Promise<void> {
  harden(entryUrl);
  const loaded = (await import(entryUrl)) as { default?: Connector };
  const connector = loaded.default;
  if (typeof connector !== 'object' || connector === null) throw new TypeError('The entry file has no default export made by defineConnector.');
  calls = new Calls(connector, channel, http);
  globalThis.fetch = brokeredFetch(calls.current);
  channel.send({ type: 'hello', methods: PLUGIN_METHODS.filter((method) => typeof connector[method] === 'function') });
}

async function probe(): Promise<void> {
  const modules = captureModules();
  harden(entryUrl);
  await probeWall(modules, (finding, left) => channel.send({ type: 'probe', finding, left }));
  await channel.flush();
  process.exit(0);
}

// A terminal's Ctrl-C reaches the whole group; the hub decides when its children end.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

(mode === 'probe' ? probe() : serve()).catch(async (error: unknown) => {
  channel.send({ type: 'refused', reason: String(error instanceof Error ? error.message : error).slice(0, 1_000) });
  await channel.flush();
  process.exit(1);
});
