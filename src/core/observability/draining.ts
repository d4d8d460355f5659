import { Injectable, type OnModuleDestroy } from '@nestjs/common';

/** Becomes true as soon as the application begins to stop, so that the doors refuse new work while old work ends. */
@Injectable()
export class Draining implements OnModuleDestroy {
  private begun = false;

  get active(): boolean {
    return this.begun;
  }

  begin(): void {
    this.begun = true;
  }

  onModuleDestroy(): void {
    this.begin();
  }
}
