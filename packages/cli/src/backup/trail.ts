import { verifyTrail } from '@codepiper/daemon/audit/verify.ts';
import type { CheckTrail, OnProgress, Trail } from '@codepiper/daemon/backup/check.ts';
import type { Context } from '../context.ts';
import { clean } from '../output.ts';

export const checkTrail: CheckTrail = ({ database, key }) => {
  const { entries, findings } = verifyTrail({ database, key });
  return {
    entries,
    findings: findings.map(({ seq, what }) => (seq === null ? what : `entry ${seq}: ${what}`)),
  };
};

/** A line for people when the trail was broken already; the copy is as good as what it is of. */
export function trailWarning(trail: Trail | null): string {
  const [first] = trail?.findings ?? [];
  if (first === undefined) return '';
  return `The audit trail was not intact when it was copied: ${clean(first)}. See codepiper audit verify.\n`;
}

/** Shows on a terminal's stderr what is being done; `done` takes it away. */
export function progressLine({ io, isJson }: Context): { onProgress: OnProgress; done: () => void } {
  const isShown = io.isTTY.stderr && !isJson;
  return {
    onProgress(step, at) {
      if (isShown) io.err(`\r\x1b[2K${step}${at ? `: ${at.done} of ${at.all}` : ''} …`);
    },
    done() {
      if (isShown) io.err('\r\x1b[2K');
    },
  };
}

/** `12.3 MB` */
export function sizeText(bytes: number): string {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}
