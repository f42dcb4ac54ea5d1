import type { LedgerEvent } from '@codepiper/core/events/event.ts';
import type { MarkerKind } from '@codepiper/core/recordings/recording.ts';

/** The place in a recording that a fact of its session is; null for facts that are none. */
export function markerOf({ type, payload }: LedgerEvent): { kind: MarkerKind; label: string } | null {
  switch (type) {
    case 'hook.UserPromptSubmit':
      return { kind: 'turn', label: 'turn' };
    case 'hook.Stop':
      return { kind: 'turn-end', label: 'turn ended' };
    case 'hook.PreToolUse':
      return { kind: 'tool', label: word(payload.tool_name) ?? 'tool' };
    case 'approval.asked':
      return {
        kind: 'approval',
        label: `asks: ${word(payload.summary) ?? word(payload.tool) ?? 'approval'}`,
      };
    case 'approval.settled':
      return { kind: 'settled', label: word(payload.status) ?? 'settled' };
    default:
      return null;
  }
}

/** A text that fits in a line. */
function word(value: unknown): string | null {
  if (typeof value !== 'string' || value === '') return null;
  const line = value.replaceAll(/\p{Cc}+/gu, ' ').trim();
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
}
