import type { Recording } from '@codepiper/core/recordings/recording.ts';
import { sizeText } from '../backup/trail.ts';

/** `1:02:03`, `12:34`: a position for people. */
export function positionText(seconds: number): string {
  const whole = Math.floor(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}

/** A recording in a line. */
export function recordingText({ on, because, startedAt, from, to, bytes }: Recording): string {
  const state = `${on ? 'on' : 'off'} (${because})`;
  if (startedAt === null) return state;
  return `${state}, ${positionText(to - from)}, ${sizeText(bytes)}`;
}
