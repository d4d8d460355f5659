import { createHmac, timingSafeEqual } from 'node:crypto';
import type { WebhookVerification } from '@crossdock/connector-sdk';

/** Header names in lower case; a header that came twice is an array or one value joined by commas, and never verifies. */
export type ReceivedHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface SignedRequest {
  readonly headers: ReceivedHeaders;
  /** Exactly as received. A body that was parsed and written again has other bytes. */
  readonly body: Buffer;
  /** Value of the manifest's `deliveryIdHeader`, if it came. */
  readonly deliveryId: string | undefined;
}

export type RefusalReason = 'no-secret' | 'unsigned' | 'forged' | 'stale' | 'misdeclared';

export type Verdict = { readonly kind: 'genuine' } | { readonly kind: 'refused'; readonly reason: RefusalReason };

const DIGEST_BYTES = { sha1: 20, sha256: 32, sha512: 64 } as const;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const HEX = /^[0-9a-fA-F]+$/;
const UNIX_SECONDS = /^\d{1,12}$/;
const PLACEHOLDER = /\{\{(body|timestamp|deliveryId)\}\}/;

type Part = { readonly text: Buffer } | { readonly value: 'body' | 'timestamp' | 'deliveryId' };

/** Templates come from manifests, so there are few: each is taken apart once. */
const templates = new Map<string, readonly Part[]>();

const refused = (reason: RefusalReason): Verdict => ({ kind: 'refused', reason });
const GENUINE: Verdict = { kind: 'genuine' };

/**
 * Judges one delivery by the scheme that the connector's manifest declares. Pure; the time is handed in. Every way of
 * not being sure is a refusal: no stored secret (an empty one is none), no or a repeated signature header, a signature
 * of another length or alphabet, a time that the scheme should sign but does not. During a rotation the signature of any
 * of the live secrets is accepted. Comparison takes the same time wherever the first difference lies.
 */
export function verifySignature(scheme: WebhookVerification, secrets: readonly Buffer[], request: SignedRequest, nowMs: number): Verdict {
  const live = secrets.filter((secret) => secret.length > 0);
  if (live.length === 0) return refused('no-secret');
  const claimed = claimedDigest(scheme, single(request.headers, scheme.header));
  if (claimed === 'missing') return refused('unsigned');
  if (claimed === 'unreadable') return refused('forged');

  const parts = signedParts(scheme.signedContent ?? '{{body}}');
  const signs = (value: 'body' | 'timestamp' | 'deliveryId'): boolean => parts.some((part) => 'value' in part && part.value === value);
  // A time that is not under the signature could be rewritten at will, and a signature without the body proves nothing.
  if (!signs('body') || (scheme.timestamp && !signs('timestamp')) || (signs('timestamp') && !scheme.timestamp)) return refused('misdeclared');
  const timestamp = scheme.timestamp ? single(request.headers, scheme.timestamp.header) : undefined;
  if (scheme.timestamp && timestamp === undefined) return refused('unsigned');
  if (signs('deliveryId') && !request.deliveryId) return refused('unsigned');

  const content = contentOf(parts, { body: request.body, timestamp: timestamp ?? '', deliveryId: request.deliveryId ?? '' });
  let genuine = false;
  for (const secret of live) genuine = timingSafeEqual(digest(scheme.algorithm, secret, content), claimed) || genuine;
  if (!genuine) return refused('forged');
  if (scheme.timestamp && !isRecent(timestamp ?? '', scheme.timestamp.toleranceSeconds, nowMs)) return refused('stale');
  return GENUINE;
}

/** The header's value, or undefined when it is absent, empty or came more than once. */
export function single(headers: ReceivedHeaders, name: string): string | undefined {
  const value = headers[name.toLowerCase()];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function claimedDigest(scheme: WebhookVerification, value: string | undefined): Buffer | 'missing' | 'unreadable' {
  if (value === undefined) return 'missing';
  const prefix = scheme.prefix ?? '';
  if (!value.startsWith(prefix)) return 'unreadable';
  const text = value.slice(prefix.length);
  // Node decodes leniently (it skips what it does not know), so the alphabet is checked first.
  if (!(scheme.encoding === 'hex' ? HEX : BASE64).test(text)) return 'unreadable';
  const bytes = Buffer.from(text, scheme.encoding);
  const expected = DIGEST_BYTES[scheme.algorithm];
  const length = scheme.encoding === 'hex' ? expected * 2 : Math.ceil(expected / 3) * 4;
  return bytes.length === expected && text.length === length ? bytes : 'unreadable';
}

function signedParts(template: string): readonly Part[] {
  let parts = templates.get(template);
  if (!parts) {
    const pieces = template.split(PLACEHOLDER);
    parts = pieces.flatMap((piece, index): Part[] => {
      if (index % 2 === 1) return [{ value: piece as 'body' | 'timestamp' | 'deliveryId' }];
      return piece === '' ? [] : [{ text: Buffer.from(piece, 'utf8') }];
    });
    templates.set(template, parts);
  }
  return parts;
}

function contentOf(parts: readonly Part[], values: { body: Buffer; timestamp: string; deliveryId: string }): Buffer[] {
  return parts.map((part) => {
    if ('text' in part) return part.text;
    // Header values are bytes that Node shows as Latin-1; the sender signed the bytes.
    return part.value === 'body' ? values.body : Buffer.from(values[part.value], 'latin1');
  });
}

function digest(algorithm: WebhookVerification['algorithm'], secret: Buffer, content: readonly Buffer[]): Buffer {
  const hmac = createHmac(algorithm, secret);
  for (const bytes of content) hmac.update(bytes);
  return hmac.digest();
}

function isRecent(timestamp: string, toleranceSeconds: number, nowMs: number): boolean {
  return UNIX_SECONDS.test(timestamp) && Math.abs(nowMs / 1_000 - Number(timestamp)) <= toleranceSeconds;
}
