import { Injectable } from '@nestjs/common';

/** What another part of the hub holds back for reasons of its own, of one connection. */
export interface HeldPart {
  readonly sourceId: number;
  readonly what: 'postings';
  readonly held: number;
  /** Where it is listed and decided on, below the connection's address. */
  readonly path: string;
}

/** Of one connection, or (undefined) of all. Parts that hold nothing are left out. */
export type HeldLister = (sourceId: number | undefined) => Promise<HeldPart[]>;

/** Lets a person who looks at exceptions see from there what else waits, without intake knowing who holds it. */
@Injectable()
export class HeldElsewhere {
  private readonly listers: HeldLister[] = [];

  register(lister: HeldLister): void {
    this.listers.push(lister);
  }

  async list(sourceId: number | undefined): Promise<HeldPart[]> {
    return (await Promise.all(this.listers.map((lister) => lister(sourceId)))).flat();
  }
}
