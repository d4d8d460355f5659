import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface SourceFile {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
  readonly lines: number;
  readonly isTest: boolean;
}

const FOLDERS = ['src', 'packages', 'lab', 'bench', 'migrations', 'test', 'bin', 'scripts', '.ci', 'console'];
const SKIPPED = new Set(['node_modules', 'dist', 'fixtures']);
const SOURCE = /\.(ts|tsx|mts|mjs|cjs|js)$/;

/** Every file of code in the repository that a person wrote. */
export function sources(): SourceFile[] {
  return FOLDERS.flatMap((folder) => walk(join(root, folder))).map((path) => sourceFile(relative(root, path), readFileSync(path, 'utf8')));
}

export function sourceFile(path: string, text: string): SourceFile {
  return { path, text, lines: text.replace(/\n$/, '').split('\n').length, isTest: /\.spec\.tsx?$/.test(path) || path.startsWith('test/') };
}

function walk(folder: string): string[] {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return entries.flatMap((entry) => {
    if (SKIPPED.has(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return walk(path);
    return SOURCE.test(entry.name) ? [path] : [];
  });
}

export interface Measured {
  /** `path:line name`. */
  readonly place: string;
  readonly size: number;
}

/** Lines of every function, method and accessor of a file, and parameters of every constructor. */
export function measure(file: SourceFile): { functions: Measured[]; constructors: Measured[]; anyAt: string[] } {
  const tree = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true);
  const functions: Measured[] = [];
  const constructors: Measured[] = [];
  const anyAt: string[] = [];
  const lineOf = (position: number): number => tree.getLineAndCharacterOfPosition(position).line + 1;
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body) {
      functions.push({ place: `${file.path} ${nameOf(node)}`, size: lineOf(node.end) - lineOf(node.getStart(tree)) + 1 });
    }
    if (ts.isConstructorDeclaration(node)) constructors.push({ place: `${file.path} ${nameOf(node)}`, size: node.parameters.length });
    if (node.kind === ts.SyntaxKind.AnyKeyword) anyAt.push(`${file.path}:${lineOf(node.getStart(tree))}`);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return { functions, constructors, anyAt };
}

function nameOf(node: ts.SignatureDeclaration): string {
  if (ts.isConstructorDeclaration(node)) return `${node.parent.name?.getText() ?? 'class'}.constructor`;
  const named = node.name ?? (ts.isVariableDeclaration(node.parent) || ts.isPropertyAssignment(node.parent) ? node.parent.name : undefined);
  const owner = ts.isClassLike(node.parent) ? `${node.parent.name?.getText() ?? 'class'}.` : '';
  return `${owner}${named?.getText() ?? 'a function without a name'}`;
}

/** How many files lie directly in each folder, tests beside the code left out. */
export function folderSizes(files: readonly SourceFile[]): Measured[] {
  const counts = new Map<string, number>();
  for (const { path } of files.filter((file) => !/\.spec\.tsx?$/.test(file.path))) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  return [...counts].map(([place, size]) => ({ place, size }));
}
