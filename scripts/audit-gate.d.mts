export function judge(text: string): { readonly kind: 'clean' | 'grave' | 'unknown'; readonly detail: string };
