/** The copy within a run: opens the ends that the plan names, and closes them whatever happens. */
import type { RunContext } from '../apply/context.ts';
import { type CopyOptions, type CopyResult, copy } from '../copy/copy.ts';
import { openSource, openTarget } from '../copy/open-end.ts';

export const copyStep: RunContext['copy'] = async ({ from, to, bytes }, { signal, onProgress }) => {
  const { digest } = await withEnds(from, to, (source, target) =>
    copy({
      ...{ source, target, size: bytes, mode: 'full', list: null, manifest: null },
      ...{ verify: 'written', rate: null, onReadError: 'stop', targetReadsZero: false },
      ...{ signal, onProgress },
    }),
  );
  if (digest === null) throw new Error(`the copy of ${from} gave no digest`);
  return { digest };
};

/** Throws CopyError. */
export async function withEnds(
  from: string,
  to: string,
  work: (source: CopyOptions['source'], target: CopyOptions['target']) => Promise<CopyResult>,
): Promise<CopyResult> {
  const source = await openSource(from);
  try {
    const target = await openTarget(to);
    try {
      return await work(source, target);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}
