/**
 * 2^53 has sixteen digits: a text in which no value begins with as many holds no integer that a double would round. Digits
 * within quotes, of which an order has many (tokens, phone numbers), need no care.
 */
const LONG_NUMBER = /(?:^|[:,[])\s*-?\d{16}/;
const INTEGER = /^-?\d+$/;

interface SourceContext {
  readonly source?: string;
}

type SourceReviver = (key: string, value: unknown, context: SourceContext) => unknown;

/** TypeScript's library does not know the third argument of the reviver yet (ECMAScript's JSON.parse source text access). */
const parseWithSource = JSON.parse as (text: string, reviver: SourceReviver) => unknown;

/**
 * Parses JSON; integers that a double cannot hold come back as their digits, because an id that is rounded names
 * another thing. The reviver costs several times a plain parse, so it runs only where there may be one.
 *
 * @throws SyntaxError where the text is not JSON, RangeError where it is nested too deeply.
 */
export function parseLosslessJson(text: string): unknown {
  return LONG_NUMBER.test(text) ? parseWithSource(text, keepLongIntegers) : (JSON.parse(text) as unknown);
}

function keepLongIntegers(_key: string, value: unknown, context: SourceContext): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const { source } = context;
  return source !== undefined && INTEGER.test(source) ? source : value;
}
