/** A copy by itself as one JSON object a line, as apply writes them. */
import type { CopyView } from './copy-view.ts';

export function copyJson(write: (line: string) => void, now: () => Date): CopyView {
  const tell = (type: string, rest: object) =>
    write(`${JSON.stringify({ type, time: now().toISOString(), ...rest })}\n`);
  return {
    begin(source, target, version) {
      tell('version', { formatVersion: '1.0', version });
      tell('action.start', { action: 1, source, target });
    },
    progress: (progress) => tell('action.progress', { action: 1, progress }),
    interrupted: (signal) => tell('interrupted', { signal }),
    done(result, exitCode) {
      tell('action.done', { action: 1, seconds: result.seconds });
      tell('summary', { exitCode, signal: null, result });
    },
    stopped: (signal, exitCode) => tell('summary', { exitCode, signal, result: null }),
  };
}
