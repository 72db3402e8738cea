/** What a source file imports, calls and spells, read from its syntax tree: for tests of the house's own rules. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface Import {
  /** A path below the project (`src/plan/plan.ts`), or the specifier of a package or of a module of node. */
  readonly target: string;
  /** The compiler erases it: nothing of the target is loaded. */
  readonly typeOnly: boolean;
}

export interface Source {
  /** Below the project, with slashes: `src/plan/plan.ts`. */
  readonly path: string;
  readonly imports: readonly Import[];
  /** Every text literal of the file, those of types left out. */
  readonly literals: readonly string[];
  /** Keys of the objects that it writes out. */
  readonly keys: ReadonlySet<string>;
  /** Names that the file takes from its surroundings or declares, but no property and no key. */
  readonly names: ReadonlySet<string>;
  /** `new Date()` without an argument, `Date()`, `Date.now` or `Math.random`. */
  readonly usesClockOrChance: boolean;
}

/** All of `src/` but what the build generates. */
export function allSources(): Source[] {
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.ts') && !file.startsWith('generated'))
    .map((file) => `src/${file}`)
    .sort()
    .map((path) => readSource(path, readFileSync(join(ROOT, path), 'utf8')));
}

export function readSource(path: string, text: string): Source {
  const imports: Import[] = [];
  const literals: string[] = [];
  const keys = new Set<string>();
  const names = new Set<string>();
  let usesClockOrChance = false;
  const visit = (node: ts.Node): void => {
    imports.push(...importsOf(node, path));
    if (ts.isStringLiteralLike(node) && !ts.isLiteralTypeNode(node.parent)) literals.push(node.text);
    if (ts.isPropertyAssignment(node)) keys.add(node.name.getText());
    if (ts.isIdentifier(node) && isFree(node)) names.add(node.text);
    usesClockOrChance ||= isClockOrChance(node);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
  return { path, imports, literals, keys, names, usesClockOrChance };
}

function importsOf(node: ts.Node, from: string): Import[] {
  if (ts.isImportDeclaration(node))
    return [importOf(node.moduleSpecifier, from, isErased(node.importClause))];
  if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
    return [importOf(node.moduleSpecifier, from, node.isTypeOnly)];
  }
  if (ts.isImportTypeNode(node)) return [importOf(node.argument, from, true)];
  if (ts.isCallExpression(node) && loadsModule(node.expression)) {
    return [importOf(node.arguments[0], from, false)];
  }
  return [];
}

function loadsModule(callee: ts.Expression): boolean {
  return (
    callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require')
  );
}

/** `import type …`, or only types between the braces. */
function isErased(clause: ts.ImportClause | undefined): boolean {
  if (!clause) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const named = clause.namedBindings;
  return (
    !clause.name &&
    !!named &&
    ts.isNamedImports(named) &&
    named.elements.every(({ isTypeOnly }) => isTypeOnly)
  );
}

function importOf(specifier: ts.Node | undefined, from: string, typeOnly: boolean): Import {
  const literal = specifier && ts.isLiteralTypeNode(specifier) ? specifier.literal : specifier;
  // What is not written out cannot be judged, and is then judged to be forbidden.
  const text = literal && ts.isStringLiteralLike(literal) ? literal.text : 'computed';
  const target = text.startsWith('.') ? join(dirname(from), text).replaceAll('\\', '/') : text;
  return { target, typeOnly };
}

/** Not the `x` of `a.x`, of `{ x: 1 }` or of a type's member. */
function isFree(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  return !ts.isPropertySignature(parent) && !ts.isPropertyDeclaration(parent) && !ts.isQualifiedName(parent);
}

function isClockOrChance(node: ts.Node): boolean {
  const isDate = (one: ts.Node) => ts.isIdentifier(one) && one.text === 'Date';
  if (ts.isNewExpression(node)) return isDate(node.expression) && !node.arguments?.length;
  if (ts.isCallExpression(node)) return isDate(node.expression);
  return ts.isPropertyAccessExpression(node) && ['Date.now', 'Math.random'].includes(node.getText());
}
