/**
 * How the backups stand, in the text format of Prometheus: for the textfile collector of node_exporter. Names are
 * stable, and described in docs/monitoring.md.
 */
import type { SourceState, SourceStatus, Status } from '../plan/status.ts';

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly samples: (status: Status) => readonly Sample[];
}

const STATES: readonly SourceState[] = ['ok', 'due', 'late', 'failed', 'none'];

/** A gauge of each source that has such a value. */
function ofSource(name: string, help: string, value: (source: SourceStatus) => number | null): Metric {
  return {
    name: `lvmbackup_source_${name}`,
    help,
    samples: ({ group, sources }) =>
      sources.flatMap((source): Sample[] => {
        const found = value(source);
        return found === null ? [] : [[{ group: group.name, source: source.source }, found]];
      }),
  };
}

function ofAll(name: string, help: string, value: (status: Status) => number | null): Metric {
  return {
    name: `lvmbackup_${name}`,
    help,
    samples: (status) => {
      const found = value(status);
      return found === null ? [] : [[{ group: status.group.name }, found]];
    },
  };
}

export const METRICS: readonly Metric[] = [
  ofAll('status_timestamp_seconds', 'When this was written.', ({ createdAt }) => unixTime(createdAt)),
  ofAll('attention', '1 where something is late, missing, failed or damaged.', ({ attention }) =>
    Number(attention),
  ),
  ofAll('run_active', '1 while a run is at work.', ({ running }) => Number(running)),
  ofAll(
    'leftovers',
    'Things that dead runs left: lvmbackup recover puts them right.',
    (one) => one.leftovers.length,
  ),
  ofAll('group_present', '1 where the backup group is here.', ({ group }) => Number(group.present)),
  ofAll('group_size_bytes', 'Size of the backup group.', ({ group }) => group.bytes),
  ofAll('group_free_bytes', 'What is free in it.', ({ group }) => group.freeBytes),
  {
    name: 'lvmbackup_source_state',
    help: '1 for the state that the source is in: ok, due, late, failed or none.',
    samples: ({ group, sources }) =>
      sources.flatMap(({ source, state }) =>
        STATES.map((one): Sample => [{ group: group.name, source, state: one }, Number(one === state)]),
      ),
  },
  ofSource('newest_timestamp_seconds', 'Time of the newest whole restore point.', ({ newest }) =>
    unixTime(newest),
  ),
  ofSource('refresh_after_seconds', 'Older than that, it is due.', ({ refreshAfter }) => refreshAfter),
  ofSource('alert_after_seconds', 'Older than that, it is late.', ({ alertAfter }) => alertAfter),
  {
    name: 'lvmbackup_source_points',
    help: 'Restore points by their state: complete, incomplete or damaged.',
    samples: ({ group, sources }) =>
      sources.flatMap(({ source, points, incomplete, damaged }): Sample[] => [
        [{ group: group.name, source, state: 'complete' }, points],
        [{ group: group.name, source, state: 'incomplete' }, incomplete],
        [{ group: group.name, source, state: 'damaged' }, damaged],
      ]),
  },
  ofSource('size_bytes', 'Size of the source.', ({ sourceBytes }) => sourceBytes),
  ofSource('held_bytes', 'What its backup volumes take.', ({ heldBytes }) => heldBytes),
  ofSource('last_run_timestamp_seconds', 'When the last run that it was due in ended.', ({ last }) =>
    unixTime(last?.time ?? null),
  ),
  ofSource('last_run_success', '1 where that run copied it whole.', ({ last }) =>
    last ? Number(last.result === 'complete') : null,
  ),
  ofSource('last_run_read_bytes', 'What that run read for it.', ({ last }) => last?.bytesRead ?? null),
  ofSource('last_run_written_bytes', 'What that run wrote of it.', ({ last }) => last?.bytesWritten ?? null),
  ofSource('verified_timestamp_seconds', 'When a restore point of it was last verified.', ({ verified }) =>
    unixTime(verified?.time ?? null),
  ),
  ofSource('verified_ok', '1 where it was found whole then.', ({ verified }) =>
    verified ? Number(verified.ok) : null,
  ),
];

/** Ends with a line break, as the format wants it. A metric without a sample is left out. */
export function statusPrometheus(status: Status): string {
  return METRICS.flatMap(({ name, help, samples }) => {
    const found = samples(status);
    if (found.length === 0) return [];
    return [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} gauge`,
      ...found.map(([labels, value]) => `${name}{${labelsText(labels)}} ${value}`),
    ];
  })
    .map((line) => `${line}\n`)
    .join('');
}

function labelsText(labels: Sample[0]): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}="${labelValue(value)}"`)
    .join(',');
}

function labelValue(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function unixTime(time: string | null): number | null {
  const parsed = time === null ? Number.NaN : Date.parse(time);
  return Number.isNaN(parsed) ? null : parsed / 1000;
}
