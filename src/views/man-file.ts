/** backup.yaml(5), from the JSON Schema of the file. */
import { bold, entry, italic, literal, manPage, roff } from './roff.ts';

/** What of JSON Schema the file's schema uses. */
export interface SchemaNode {
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly examples?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: boolean | SchemaNode;
  readonly items?: SchemaNode;
}

export interface FilePage {
  readonly version: string;
  /** A whole file, to begin with. */
  readonly example: readonly string[];
  readonly places: readonly string[];
}

export function manFile(schema: SchemaNode, { version, example, places }: FilePage): string {
  const body = [
    '.SH DESCRIPTION',
    roff(schema.description ?? ''),
    ...[
      '.PP',
      roff('A key that is not named here is an error. Policies merge key by key: a volume has what it says'),
    ],
    roff('itself, then what its policy says, then the defaults; null takes an inherited key away.'),
    '.SH EXAMPLE',
    ...literal(example),
    '.SH KEYS',
    ...keys(schema, []),
    '.SH FILES',
    ...places.flatMap((path) => entry(italic(path), 'Read in this order where no file is named.')),
    '.SH SEE ALSO',
    '.BR lvmbackup (8)',
  ];
  const summary = 'what lvmbackup backs up, where to, and by which policy';
  return manPage({ name: 'backup.yaml', section: 5, version, summary, body });
}

/** Each key by its whole path: `volumes[].snapshot.size`. */
function keys(node: SchemaNode, path: readonly string[]): string[] {
  const named = Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const here = [...path, name];
    const must = node.required?.includes(name) === true;
    return [...key(here.join('.'), child, must), ...keys(child, here)];
  });
  const free =
    typeof node.additionalProperties === 'object' ? keys(node.additionalProperties, [...path, 'NAME']) : [];
  const last = path.at(-1);
  const items = node.items && last !== undefined ? keys(node.items, [...path.slice(0, -1), `${last}[]`]) : [];
  return [...named, ...free, ...items];
}

function key(
  path: string,
  { description, enum: values, examples, properties }: SchemaNode,
  must: boolean,
): string[] {
  const said = [
    description ?? '',
    ...(must ? ['Required.'] : []),
    ...(values ? [`One of ${values.map(text).join(', ')}.`] : []),
    // What has keys of its own is shown by them.
    ...(examples && !properties ? [`For example: ${examples.map(text).join('; ')}.`] : []),
  ];
  return entry(bold(path), said.filter((one) => one !== '').join(' '));
}

function text(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(text).join(', ')}]`;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
