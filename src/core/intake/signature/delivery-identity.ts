import { createHash } from 'node:crypto';
import type { WebhookDeclaration } from '@crossdock/connector-sdk';
import { looksLikeRecord } from '../record-key.js';
import { single, type ReceivedHeaders } from './verify-signature.js';

const MOST_ID_CHARACTERS = 200;
const TOPIC = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}$/;

/**
 * What the delivery is about: the declared header, else the last part of the address, else the only topic that the
 * connector knows. Empty when none of them says; undefined when what was said is no topic at all.
 */
export function topicOf(declaration: WebhookDeclaration, headers: ReceivedHeaders, pathTopic: string | undefined): string | undefined {
  const said = (declaration.topicHeader ? single(headers, declaration.topicHeader) : undefined) ?? pathTopic;
  if (said === undefined) return declaration.topics.length === 1 ? declaration.topics[0] : '';
  return TOPIC.test(said) ? said : undefined;
}

/**
 * What makes two attempts of one message the same. Senders that give no id (or one that could not be a key, or would be taken for a record of a feed) are told
 * apart by topic and body: the same words about the same thing are the same message.
 */
export function deliveryIdOf(declaration: WebhookDeclaration, headers: ReceivedHeaders, topic: string, body: Buffer): string {
  const said = single(headers, declaration.deliveryIdHeader);
  if (said !== undefined && said.length <= MOST_ID_CHARACTERS && !looksLikeRecord(said)) return said;
  if (said !== undefined) return `id-sha256:${createHash('sha256').update(said).digest('hex')}`;
  return `body-sha256:${createHash('sha256').update(topic).update('\n').update(body).digest('hex')}`;
}
