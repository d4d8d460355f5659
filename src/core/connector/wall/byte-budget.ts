/**
 * How many bytes of bodies the hub holds for one child at once: those of its requests until they are answered, and those of
 * the answers until the child has read them. Without it a child that asks for much and reads nothing would fill the hub.
 */
export class ByteBudget {
  private held = 0;

  constructor(private readonly most: number) {}

  /** @returns false when it would be too much; nothing is taken then. */
  take(bytes: number): boolean {
    if (this.held + bytes > this.most) return false;
    this.held += bytes;
    return true;
  }

  give(bytes: number): void {
    this.held -= bytes;
  }
}
