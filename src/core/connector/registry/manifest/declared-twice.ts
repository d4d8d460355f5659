/** Names that stand in a list more than once. */
export function declaredTwice(names: readonly string[]): string[] {
  return names.filter((name, index) => names.indexOf(name) !== index);
}
