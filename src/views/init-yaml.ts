/** A first backup.yaml, with comments that say what was found and what to do next. */
import type { FoundPartition, FoundSource, FreeDevice, GroupChoice } from '../plan/propose.ts';
import { bytesText } from '../units-text.ts';
import { escaped } from './printable.ts';

export interface ProposedSource extends FoundSource {
  /** The name of its backup volume, where the usual one would be another's too. */
  readonly backup: string | null;
  /** There is no room for a snapshot that can never overflow. */
  readonly small: boolean;
}

export interface Proposal {
  /** When the machine was read: a day. */
  readonly date: string;
  readonly group: GroupChoice;
  /** Lent to the groups that have too few free extents of their own. */
  readonly lend: FreeDevice | null;
  readonly sources: readonly ProposedSource[];
  readonly partitions: readonly FoundPartition[];
  readonly leftOut: readonly { readonly source: string; readonly reason: string }[];
}

/** How the line of a source begins. */
export const SOURCE_LINE = '  - source: ';

export function initYaml(proposal: Proposal): string {
  return `${[
    ...head(proposal),
    'version: 1',
    ...groupLines(proposal),
    ...defaultLines(proposal),
    'volumes:',
    ...proposal.sources.flatMap((source) => sourceLines(source, proposal)),
    ...partitionLines(proposal.partitions),
    ...leftOutLines(proposal.leftOut),
  ].join('\n')}\n`;
}

function head({ date }: Proposal): string[] {
  return [
    '# yaml-language-server: $schema=backup.schema.json',
    '# With that schema beside it, editors complete and check this file: lvmbackup schema backup > backup.schema.json',
    '#',
    `# Written by lvmbackup init from the machine as it was on ${date}. Read it, change it, then:`,
    '#   lvmbackup validate',
    '#   lvmbackup plan       shows what would happen, and whether there is room; changes nothing',
    '#   lvmbackup apply      shows it, asks, does it',
  ];
}

function groupLines({ group }: Proposal): string[] {
  if (group.kind === 'existing') {
    return ['group:', `  name: ${scalar(group.name)} # ${group.why}; ${bytesText(group.free)} free`];
  }
  const { named, size } = group.device;
  return [
    'group:',
    `  name: ${scalar(group.name)} # does not exist yet`,
    `  devices: [${scalar(named)}] # ${bytesText(size)}, blank: the first run makes the group on it`,
  ];
}

function defaultLines({ lend, sources }: Proposal): string[] {
  const lines = [
    'defaults:',
    '  refreshAfter: 20h # for a daily timer: a copy that is younger needs no refresh',
    '  snapshot:',
    '    size: 100%ORIGIN # can never overflow, whatever is written while the copy runs',
  ];
  return lend && sources.every(({ needsLoan }) => needsLoan) ? [...lines, lendLine(lend, '    ')] : lines;
}

function lendLine({ named, size }: FreeDevice, indent: string): string {
  return `${indent}lend: ${scalar(named)} # ${bytesText(size)}, blank: joins the full group for the run, and is given back`;
}

function sourceLines(
  { source, size, backup, small, needsLoan }: ProposedSource,
  proposal: Proposal,
): string[] {
  const { lend, sources } = proposal;
  const ownLoan = lend !== null && needsLoan && !sources.every((one) => one.needsLoan);
  const snapshot = [
    ...(small
      ? [
          '      size: 50%ORIGIN # there is no room for more: it may overflow, and the copy fails then',
          '      atLeast: 10%ORIGIN # take what there is between the two',
        ]
      : []),
    ...(ownLoan && lend ? [lendLine(lend, '      ')] : []),
  ];
  return [
    `${SOURCE_LINE}${scalar(source)} # ${bytesText(size)}`,
    ...(backup === null ? [] : [`    backup: ${scalar(backup)}`]),
    ...(snapshot.length === 0 ? [] : ['    snapshot:', ...snapshot]),
  ];
}

function partitionLines(partitions: readonly FoundPartition[]): string[] {
  if (partitions.length === 0) return [];
  return [
    '  # No LVM, so there is no snapshot: the file system is frozen while it is copied. Take the # away to back it up.',
    ...partitions.flatMap(({ named, mountPoint, size }) => [
      `  # - source: ${scalar(named)} # ${bytesText(size)}, mounted on ${escaped(mountPoint)}`,
      `  #   backup: ${mountPoint.slice(1).replaceAll(/[^A-Za-z0-9]+/g, '-')}-backup`,
      '  #   freeze: true',
    ]),
  ];
}

function leftOutLines(leftOut: Proposal['leftOut']): string[] {
  if (leftOut.length === 0) return [];
  return [
    '# Left out:',
    ...leftOut.map(({ source, reason }) => `#   ${escaped(source)}: ${escaped(reason)}`),
  ];
}

/** Plain where YAML takes it for a text whatever it looks like, else in quotes. */
function scalar(text: string): string {
  const plain = /^[A-Za-z/][A-Za-z0-9_+./:@-]*$/.test(text) && !text.endsWith(':');
  return plain && !/^(true|false|null)$/i.test(text) ? text : JSON.stringify(text);
}
