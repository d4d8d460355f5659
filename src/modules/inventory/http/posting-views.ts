import { Injectable } from '@nestjs/common';
import { formatPosition } from '../ledger/read-ledger.js';
import { DecideHeld } from '../posting/decide-held.js';
import { PostingBooks } from '../posting/posting-books.js';
import type { PostingAnswer } from './posting.dto.js';

/** Books as an admin sees them, by their connections' source numbers. */
@Injectable()
export class PostingViews {
  constructor(
    private readonly books: PostingBooks,
    private readonly held: DecideHeld,
  ) {}

  async one(source: number): Promise<PostingAnswer> {
    const [answer = { state: 'off' as const }] = await this.all([source]);
    return answer;
  }

  /** One for each, in the same order; `off` where posting was never switched on. */
  async all(sources: readonly number[]): Promise<PostingAnswer[]> {
    const [books, held] = await Promise.all([this.books.findAll(sources), this.held.counts(sources)]);
    return sources.map((source) => {
      const book = books.get(source);
      if (!book) return { state: 'off' };
      const { cursor, counts, ...rest } = book;
      return { ...rest, position: formatPosition(cursor), posted: counts, held: held.get(source) };
    });
  }
}
