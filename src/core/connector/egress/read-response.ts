import { ConnectorError, type HttpResponse } from '@crossdock/connector-sdk';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { Dispatcher } from 'undici';
import type { ByteBudget } from '../wall/byte-budget.js';

/** Sessions and hop-by-hop headers are the hub's business and no connector's. */
const DROPPED = new Set(['set-cookie', 'set-cookie2', 'connection', 'keep-alive', 'transfer-encoding', 'proxy-authenticate', 'trailer', 'upgrade', 'alt-svc', 'content-encoding', 'content-length']);

const DECODERS = { gzip: promisify(gunzip), 'x-gzip': promisify(gunzip), deflate: promisify(inflate), br: promisify(brotliDecompress) } as const;

export interface ReadResponse {
  readonly response: Omit<HttpResponse, 'body'>;
  readonly body: Buffer;
}

/**
 * Reads a response whole, and counts its body against `held`: the caller gives `body.length` back once it is passed on.
 * @throws ConnectorError unsupported when it is larger than `mostBytes`, packed or unpacked; transient when too much is held already.
 */
export async function readResponse(answer: Dispatcher.ResponseData, mostBytes: number, held: ByteBudget): Promise<ReadResponse> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of answer.body as AsyncIterable<Buffer>) {
      // Leaving the loop destroys the stream, and with it the socket: the rest is never received.
      if (bytes + piece.length > mostBytes) throw tooLarge(mostBytes);
      if (!held.take(piece.length)) throw tooMuch();
      bytes += piece.length;
      pieces.push(piece);
    }
    const packed = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces, bytes);
    const encoding = [answer.headers['content-encoding'] ?? 'identity'].flat().join(',').trim().toLowerCase();
    const body = await unpack(packed, encoding, mostBytes);
    if (!held.take(body.length - bytes)) throw tooMuch();
    return { response: { status: answer.statusCode, headers: visibleHeaders(answer.headers) }, body };
  } catch (error) {
    held.give(bytes);
    throw error;
  }
}

function tooMuch(): ConnectorError {
  return new ConnectorError('transient', 'More bytes of answers are held for this connector than the wall lets through; ask for less at once.');
}

async function unpack(body: Buffer, encoding: string, mostBytes: number): Promise<Buffer> {
  if (encoding === 'identity' || encoding === '' || body.length === 0) return body;
  const decode = Object.hasOwn(DECODERS, encoding) ? DECODERS[encoding as keyof typeof DECODERS] : undefined;
  if (!decode) throw new ConnectorError('unsupported', `The answer is encoded as '${encoding.slice(0, 40)}', which was not asked for.`);
  try {
    return await decode(body, { maxOutputLength: mostBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(mostBytes);
    throw new ConnectorError('transient', 'The answer is damaged: it cannot be unpacked.');
  }
}

function visibleHeaders(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  const visible: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (value !== undefined && !DROPPED.has(lower)) visible[lower] = [value].flat().join(', ');
  }
  return visible;
}

function tooLarge(mostBytes: number): ConnectorError {
  return new ConnectorError('unsupported', `The answer is larger than ${mostBytes} bytes.`);
}
