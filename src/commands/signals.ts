/** A signal stops what runs at its next safe place; the process ends by itself then. */
import type { ExitCode } from '../errors.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
export type StopSignal = (typeof SIGNALS)[number];

export const SIGNAL_CODES: Readonly<Record<StopSignal, ExitCode>> = {
  SIGHUP: 129,
  SIGINT: 130,
  SIGTERM: 143,
};

/** `work` gets a signal that is aborted, with the name as its reason, when the first one comes. */
export async function withSignals<T>(
  onSignal: (signal: StopSignal) => void,
  work: (stop: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const heard = (signal: NodeJS.Signals) => {
    onSignal(signal as StopSignal);
    if (!controller.signal.aborted) controller.abort(signal);
  };
  for (const signal of SIGNALS) process.on(signal, heard);
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of SIGNALS) process.off(signal, heard);
  }
}
