export type SizeRule = 'file lines' | 'function lines' | 'constructor parameters' | 'files in a folder';

/**
 * What is larger than the house allows, and how large it may be. The list only shrinks: a place that fits again, or
 * that has become smaller than its entry says, fails the test until the entry is taken out or lowered.
 */
export const EXCEPTIONS: readonly { readonly rule: SizeRule; readonly place: string; readonly allowed: number; readonly because: string }[] = [];
