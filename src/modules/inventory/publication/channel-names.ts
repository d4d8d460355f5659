import { Injectable, type OnModuleInit } from '@nestjs/common';
import { CrossReferences } from '../../../core/mapping/cross-references.js';
import { WakeUps } from '../../../core/orchestration/wake-ups.js';
import { CatalogDirectory } from '../../catalog/index.js';
import { DirtyFigures, type ClaimedFigure } from './dirty-figures.js';
import { PUBLISH_TOPIC } from './topic.js';

export interface NamedFigure {
  readonly figure: ClaimedFigure;
  /** The canonical item id. */
  readonly code: string;
  /** What the channel calls the item; undefined while nobody has said. */
  readonly externalId: string | undefined;
}

/** What a channel calls the items whose figures it is told; a name that appears later brings its figure along. */
@Injectable()
export class ChannelNames implements OnModuleInit {
  constructor(
    private readonly references: CrossReferences,
    private readonly catalog: CatalogDirectory,
    private readonly dirty: DirtyFigures,
    private readonly wakeUps: WakeUps,
  ) {}

  onModuleInit(): void {
    this.references.onSaved(async (tx, saved) => {
      if (saved.entity !== 'item' || saved.sourceId === undefined) return;
      const ids = await this.catalog.itemIds(new Set(saved.references.map((reference) => reference.canonical)));
      await this.dirty.mark(tx, saved.sourceId, [...ids.values()]);
      return () => this.wakeUps.ring(PUBLISH_TOPIC);
    });
  }

  async inChannel(connection: number, itemReference: string, figures: readonly ClaimedFigure[]): Promise<NamedFigure[]> {
    const codes = await this.catalog.itemCodes(figures.map((figure) => figure.item));
    const names = await this.references.reverse(connection, 'item', itemReference, [...codes.values()]);
    return figures.map((figure) => {
      const code = codes.get(figure.item) ?? '';
      return { figure, code, externalId: names.get(code) };
    });
  }
}
