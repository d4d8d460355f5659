/** Names of fields whose values never reach a log, at any depth. */
const SECRET_NAME = /authorization|cookie|passw|secret|token|credential|signature|^key$|api_?key|private_?key|parameters$/i;
/** Secrets that stand inside free text: bearer values, the hub's own keys and tokens, passwords in connection strings. */
const SECRET_TEXT = /(\bBearer\s+)[^\s"',;]+|(\bcd[a-z]_)[A-Za-z0-9_-]+|(\/\/[^:/@\s]*:)[^@\s]+(?=@)/gi;
const DEEPEST = 6;
const LONGEST_LIST = 50;
const HIDDEN = '[hidden]';

export function scrubText(text: string): string {
  return text.replace(SECRET_TEXT, (_all, bearer: string | undefined, ours: string | undefined, url: string | undefined) => `${bearer ?? ours ?? url ?? ''}${HIDDEN}`);
}

/** Only these fields of an error are logged: a driver's error also carries the statement's parameters, secrets among them. */
const ERROR_FIELDS = ['code', 'severity', 'constraint', 'table', 'routine', 'syscall', 'facts'] as const;

function describeError(error: Error, depth: number): Record<string, unknown> {
  const shown: Record<string, unknown> = { type: error.name, message: scrubText(error.message), stack: scrubText(error.stack ?? '') };
  for (const field of ERROR_FIELDS) {
    const value = (error as unknown as Record<string, unknown>)[field];
    if (value !== undefined) shown[field] = redact(value, depth + 1);
  }
  if (error.cause !== undefined) shown.cause = redact(error.cause, depth + 1);
  return shown;
}

/** A copy of anything that is fit for a log: secrets hidden, depth and lists bounded, errors reduced to what helps. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return scrubText(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > DEEPEST) return '[deeper]';
  if (value instanceof Error) return describeError(value, depth);
  if (value instanceof Date) return value;
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.slice(0, LONGEST_LIST).map((entry) => redact(entry, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, SECRET_NAME.test(name) && inner != null ? HIDDEN : redact(inner, depth + 1)]));
}
