import { ConnectorError, type HttpResponse } from '@crossdock/connector-sdk';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { Dispatcher } from 'undici';

/** Sessions and hop-by-hop headers are the hub's business and no connector's. */
const DROPPED = new Set(['set-cookie', 'set-cookie2', 'connection', 'keep-alive', 'transfer-encoding', 'proxy-authenticate', 'trailer', 'upgrade', 'alt-svc', 'content-encoding', 'content-length']);

const DECODERS = { gzip: promisify(gunzip), 'x-gzip': promisify(gunzip), deflate: promisify(inflate), br: promisify(brotliDecompress) } as const;

export interface ReadResponse {
  readonly response: Omit<HttpResponse, 'body'>;
  readonly body: Buffer;
}

/** Reads a response whole. @throws ConnectorError unsupported when it is larger than `mostBytes`, packed or unpacked. */
export async function readResponse(answer: Dispatcher.ResponseData, mostBytes: number): Promise<ReadResponse> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of answer.body as AsyncIterable<Buffer>) {
    bytes += piece.length;
    // Leaving the loop destroys the stream, and with it the socket: the rest is never received.
    if (bytes > mostBytes) throw tooLarge(mostBytes);
    pieces.push(piece);
  }
  const packed = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces, bytes);
  const encoding = [answer.headers['content-encoding'] ?? 'identity'].flat().join(',').trim().toLowerCase();
  return { response: { status: answer.statusCode, headers: visibleHeaders(answer.headers) }, body: await unpack(packed, encoding, mostBytes) };
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
