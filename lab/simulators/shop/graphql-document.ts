/** A value as it is written in a document, with the variables filled in. */
export type GraphqlValue = unknown;

export interface Selection {
  readonly name: string;
  /** The key in the answer. */
  readonly alias: string;
  readonly args: Readonly<Record<string, GraphqlValue>>;
  readonly directives: readonly Directive[];
  /** Undefined for a leaf. */
  readonly selections: readonly Selection[] | undefined;
}

export interface Directive {
  readonly name: string;
  readonly args: Readonly<Record<string, GraphqlValue>>;
}

export interface Operation {
  readonly kind: 'query' | 'mutation';
  readonly selections: readonly Selection[];
}

/** The document cannot be read; the message is for the client. */
export class GraphqlSyntaxError extends Error {}

const TOKEN = /(?:[\s,\uFEFF]+|#[^\n]*)*(?:("""[\s\S]*?"""|"(?:\\.|[^"\\\n])*")|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|([_A-Za-z]\w*)|(\.\.\.|[!$&()[\]{}:=@|]))/y;
const REST = /^(?:[\s,\uFEFF]+|#[^\n]*)*$/;

interface Token {
  readonly kind: 'string' | 'number' | 'name' | 'mark';
  readonly text: string;
}

/**
 * Reads the part of the query language that connectors use: one operation with variables, arguments, directives and
 * nested fields. Fragments and several operations are refused.
 */
export function readOperation(source: string, variables: Readonly<Record<string, unknown>>): Operation {
  return new Reader(tokens(source), variables).operation();
}

function tokens(source: string): Token[] {
  const found: Token[] = [];
  TOKEN.lastIndex = 0;
  let end = 0;
  for (let match = TOKEN.exec(source); match; match = TOKEN.exec(source)) {
    end = TOKEN.lastIndex;
    const [, string, number, name, mark] = match;
    if (string !== undefined) found.push({ kind: 'string', text: string });
    else if (number !== undefined) found.push({ kind: 'number', text: number });
    else if (name !== undefined) found.push({ kind: 'name', text: name });
    else found.push({ kind: 'mark', text: mark ?? '' });
  }
  if (!REST.test(source.slice(end))) throw new GraphqlSyntaxError(`syntax error, unexpected input at ${end}`);
  return found;
}

class Reader {
  private at = 0;
  private readonly given = new Map<string, GraphqlValue>();

  constructor(private readonly list: readonly Token[], private readonly variables: Readonly<Record<string, unknown>>) {}

  operation(): Operation {
    const first = this.list[0]?.text;
    if (first === '{') return this.end({ kind: 'query', selections: this.selections() });
    if (first !== 'query' && first !== 'mutation') throw new GraphqlSyntaxError(`syntax error, unexpected ${first ?? 'end of file'}`);
    this.at = 1;
    if (this.list[this.at]?.kind === 'name') this.at += 1;
    if (this.takes('(')) while (!this.takes(')')) this.variable();
    this.directives();
    return this.end({ kind: first, selections: this.selections() });
  }

  private end(operation: Operation): Operation {
    if (this.at < this.list.length) throw new GraphqlSyntaxError('the simulator reads one operation and no fragments');
    return operation;
  }

  /** `$name: Type! = default`. A variable that was not given is left out where it is used, as the language has it. */
  private variable(): void {
    this.expect('$');
    const name = this.name();
    this.expect(':');
    const required = this.type();
    const fallback = this.takes('=') ? { value: this.value() } : undefined;
    if (Object.hasOwn(this.variables, name)) this.given.set(name, this.variables[name]);
    else if (fallback) this.given.set(name, fallback.value);
    if (required && this.given.get(name) === undefined && !fallback) throw new GraphqlSyntaxError(`Variable $${name} of a required type was provided invalid value`);
  }

  private type(): boolean {
    if (this.takes('[')) {
      this.type();
      this.expect(']');
    } else {
      this.name();
    }
    return this.takes('!');
  }

  private selections(): Selection[] {
    this.expect('{');
    const found: Selection[] = [];
    while (!this.takes('}')) found.push(this.field());
    return found;
  }

  private field(): Selection {
    const first = this.name();
    const name = this.takes(':') ? this.name() : first;
    const args = this.takes('(') ? this.args() : {};
    const directives = this.directives();
    const nested = this.list[this.at]?.text === '{' ? this.selections() : undefined;
    return { name, alias: first, args, directives, selections: nested };
  }

  private directives(): Directive[] {
    const found: Directive[] = [];
    while (this.takes('@')) found.push({ name: this.name(), args: this.takes('(') ? this.args() : {} });
    return found;
  }

  /** Up to the closing mark of arguments or of an object. */
  private args(close: ')' | '}' = ')'): Record<string, GraphqlValue> {
    const found: Record<string, GraphqlValue> = {};
    while (!this.takes(close)) {
      const name = this.name();
      this.expect(':');
      const value = this.value();
      if (value !== undefined) found[name] = value;
    }
    return found;
  }

  private value(): GraphqlValue {
    const token = this.next();
    if (token.kind === 'string') return token.text.startsWith('"""') ? token.text.slice(3, -3) : (JSON.parse(token.text) as string);
    if (token.kind === 'number') return Number(token.text);
    if (token.kind === 'name') return token.text === 'null' ? null : token.text === 'true' || token.text === 'false' ? token.text === 'true' : token.text;
    if (token.text === '$') return this.given.get(this.name());
    if (token.text === '{') return this.args('}');
    if (token.text !== '[') throw new GraphqlSyntaxError(`syntax error, unexpected ${token.text}`);
    const list: GraphqlValue[] = [];
    while (!this.takes(']')) list.push(this.value());
    return list;
  }

  private takes(text: string): boolean {
    const token = this.list[this.at];
    if (token?.kind !== 'mark' || token.text !== text) return false;
    this.at += 1;
    return true;
  }

  private expect(text: string): void {
    if (!this.takes(text)) throw new GraphqlSyntaxError(`syntax error, expected ${text} and found ${this.list[this.at]?.text ?? 'end of file'}`);
  }

  private name(): string {
    const token = this.next();
    if (token.kind !== 'name') throw new GraphqlSyntaxError(`syntax error, unexpected ${token.text}`);
    return token.text;
  }

  private next(): Token {
    const token = this.list[this.at];
    if (!token) throw new GraphqlSyntaxError('syntax error, unexpected end of file');
    this.at += 1;
    return token;
  }
}
