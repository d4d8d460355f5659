import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { invariant } from '../errors/index.js';
import type { BoardParts, BoardView } from './board-parts.js';

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');

/**
 * The one page of the board, for one view. Its template holds four values, escaped (`<%= %>`) or as they are (`<%- %>`),
 * and a style sheet of another host, which a look at one's own queue shall not tell of: the policy would refuse it.
 */
export function boardPage(parts: BoardParts, { uiConfig }: BoardView, basePath: string): string {
  const { name, params } = parts.entry.handler({ basePath, uiConfig });
  const page = readFileSync(join(parts.pagesFolder, name), 'utf8')
    .replace(/<link[^>]+href="https:[^>]*>\n?/g, '')
    .replace(/<%([=-])\s*(\w+)\s*%>/g, (_tag, kind: string, value: string) => (kind === '=' ? escaped(params[value] ?? '') : (params[value] ?? '')));
  invariant(!/<%|(?:src|href)="(?:https?:)?\/\//.test(page), 'the page of Bull Board holds what the hub does not know');
  return page;
}
