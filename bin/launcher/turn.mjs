import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync, linkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Process ids come round again; with its start time a process is named for good (Linux; elsewhere the id must do). */
function birth(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return '';
  }
}

function lives({ pid, born }) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code !== 'EPERM') return false;
  }
  return !born || birth(pid) === born;
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Runs `work` while no other launcher works on this clone: two at once would tear down each other's node_modules. A
 * launcher that was killed leaves its file behind, which the next one recognises by the process that is gone.
 */
export async function inTurn(root, work, say) {
  const folder = join(root, '.tmp');
  const file = join(folder, 'launcher.lock');
  const own = `${file}.${process.pid}`;
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(own, JSON.stringify({ pid: process.pid, born: birth(process.pid) }));
  } catch (error) {
    throw new Error(`something has to be installed or built, and ${root} cannot be written: ${error.message}`);
  }
  try {
    for (let told = false; ; ) {
      try {
        // A hard link appears whole or not at all, and never over an existing file.
        linkSync(own, file);
        break;
      } catch (error) {
        if (error.code !== 'EEXIST') throw error;
      }
      const holder = read(file);
      if (holder && !lives(holder)) retire(file, holder);
      else {
        if (!told && holder) say(`waiting for another launcher (process ${holder.pid}) to finish installing or building`);
        told = true;
        await sleep(200);
      }
    }
    try {
      return await work();
    } finally {
      rmSync(file, { force: true });
    }
  } finally {
    rmSync(own, { force: true });
  }
}

/** Moves a dead launcher's file away; of two that try, one may have moved the next holder's file and puts it back. */
function retire(file, dead) {
  const aside = `${file}.dead.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  const moved = read(aside);
  if (moved && (moved.pid !== dead.pid || moved.born !== dead.born)) {
    try {
      linkSync(aside, file);
    } catch {
      // A third one holds it by now; both wait for it or for us, and the build itself is repeatable.
    }
  }
  rmSync(aside, { force: true });
}
