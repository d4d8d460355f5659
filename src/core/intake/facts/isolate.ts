export type Isolated<R> = { readonly kind: 'ok'; readonly value: R } | { readonly kind: 'failed'; readonly error: unknown };

/** So many entries that fail alone, with none that succeeds, raise the question whether the fault lies elsewhere. */
const SUSPICIOUS = 3;

/**
 * Runs a batch and, when it fails, halves it until whoever makes it fail stands alone: n entries of which one is bad
 * cost about 2 log2(n) calls. `run` must bear being called again with entries that it has done. Answers one result an
 * entry, in order. Throws the last error when the first few and a few others, picked at random, have failed alone
 * (then no entry is to blame), or when `blames` says that an error speaks of no entry.
 */
export async function isolate<E, R>(entries: readonly E[], run: (entries: readonly E[]) => Promise<readonly R[]>, blames: (error: unknown) => boolean): Promise<Isolated<R>[]> {
  const results: Isolated<R>[] = [];
  let succeeded = false;
  let alone = 0;
  const halve = async (part: readonly E[], from: number): Promise<void> => {
    try {
      const values = await run(part);
      values.forEach((value, index) => (results[from + index] = { kind: 'ok', value }));
      succeeded ||= part.length > 0;
    } catch (error) {
      if (!blames(error)) throw error;
      if (part.length === 1) {
        alone += 1;
        results[from] = { kind: 'failed', error };
        if (!succeeded && alone === SUSPICIOUS && !(succeeded = await anySucceeds(entries.slice(from + 1), run))) throw new NobodyToBlame(error);
        return;
      }
      const middle = part.length >> 1;
      await halve(part.slice(0, middle), from);
      await halve(part.slice(middle), from + middle);
    }
  };
  try {
    await halve(entries, 0);
  } catch (error) {
    throw error instanceof NobodyToBlame ? error.cause : error;
  }
  return results;
}

/** True when there is nobody left to ask: then the few that failed were all. */
async function anySucceeds<E>(others: readonly E[], run: (entries: readonly E[]) => Promise<unknown>): Promise<boolean> {
  if (others.length === 0) return true;
  for (let probe = 0; probe < SUSPICIOUS; probe += 1) {
    try {
      await run([others[Math.floor(Math.random() * others.length)] as E]);
      return true;
    } catch {
      // One more that fails alone.
    }
  }
  return false;
}

class NobodyToBlame extends Error {
  constructor(cause: unknown) {
    super('every entry fails', { cause });
  }
}
