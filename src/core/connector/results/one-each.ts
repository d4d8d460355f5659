import { HubError } from '../../errors/index.js';
import { Malformed } from './read-fields.js';

/**
 * Reads an answer that has one entry for each entry asked. An entry that is malformed becomes what `instead` makes of it and
 * leaves the others alone.
 * @throws HubError PLUGIN_FAILED when there is not exactly one answer an entry: which belongs to which is then unknown.
 */
export function readOneEach<Result>(plugin: string, value: unknown, count: number, read: (entry: unknown) => Result, instead: (reason: string) => Result): Result[] {
  if (!Array.isArray(value) || value.length !== count) {
    const got = Array.isArray(value) ? `${value.length} results` : 'no list of results';
    throw malfunction(plugin, `${got} to ${count} entries`);
  }
  return Array.from(value, (entry: unknown) => {
    try {
      return read(entry);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      return instead(`The connector's answer is malformed: ${error.message}.`);
    }
  });
}

/**
 * Reads an answer that is one whole.
 * @throws HubError PLUGIN_FAILED when it is malformed.
 */
export function readWhole<Result>(plugin: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw malfunction(plugin, error.message);
  }
}

function malfunction(plugin: string, what: string): HubError {
  return new HubError('PLUGIN_FAILED', { detail: `The plugin '${plugin}' answered ${what}.`, facts: { kind: 'plugin_bug', plugin } });
}
