import { fileURLToPath } from 'node:url';
import { HubError } from '../core/errors/index.js';

/** The clone: this file is dist/src/commands/command-line.js in it. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Progress and complaints; standard output belongs to what was asked for. */
export const say = (line: string): void => void process.stderr.write(`crossdock: ${line}\n`);
export const tell = (line: string): void => void process.stdout.write(`${line}\n`);

/** What was asked for makes no sense as it was asked. */
export class WrongUse extends Error {}

/** Runs `npm run <name>` to its exit code: what `run` answers, 2 where it makes no sense as it was asked, 1 for every other failure. */
export async function runCommand(name: string, run: (args: readonly string[]) => Promise<number>): Promise<void> {
  try {
    process.exitCode = await run(process.argv.slice(2));
  } catch (error) {
    const wrongUse = error instanceof WrongUse || (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS') === true;
    const expected = error instanceof Error && (wrongUse || error instanceof HubError);
    say(expected ? `${error.message}${wrongUse ? `; \`npm run ${name} -- --help\` tells more` : ''}` : String((error as Error).stack ?? error));
    process.exitCode = wrongUse || (error instanceof HubError && error.code === 'SETTINGS_INVALID') ? 2 : 1;
  }
}
