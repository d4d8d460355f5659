export type Row = readonly string[];
export type Alignment = 'left' | 'right';

/** Lays cells out in columns as wide as their widest cell. Rows may be short; nothing is cut off. */
export function table(rows: readonly Row[], alignments: readonly Alignment[]): string[] {
  const widths = alignments.map((_, column) => Math.max(0, ...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) =>
    alignments
      .map((alignment, column) => {
        const cell = row[column] ?? '';
        return alignment === 'right' ? cell.padStart(widths[column] as number) : cell.padEnd(widths[column] as number);
      })
      .join('  ')
      .trimEnd(),
  );
}
