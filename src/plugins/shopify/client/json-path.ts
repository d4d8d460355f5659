/** The steps from a mutation's argument to the value that an error is about, as text: `input`, `quantities`, `3`. */
export type Path = readonly string[];

export function pathOf(value: unknown): Path {
  return Array.isArray(value) ? value.map(String) : [];
}

/** The index that follows the name of a list in a path, for example 3 in `input.quantities.3.locationId`. */
export function indexAfter(path: Path, list: string): number | undefined {
  const step = path[path.indexOf(list) + 1];
  return path.includes(list) && step !== undefined && /^\d{1,9}$/.test(step) ? Number(step) : undefined;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
