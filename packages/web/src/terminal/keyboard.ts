import type { Terminal } from '@xterm/xterm';

/** The part of a keyboard event that decides. */
export type Press = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'shiftKey' | 'altKey' | 'metaKey'>;

/** Whose a key is: the program's, the browser's (it pastes), or one of ours. */
export function ownerOf({
  key,
  ctrlKey,
  shiftKey,
  altKey,
  metaKey,
}: Press): 'program' | 'browser' | 'copy' | 'search' | 'leave' {
  const name = key.toLowerCase();
  if (shiftKey && !ctrlKey && name === 'insert') return 'browser';
  if (!ctrlKey || !shiftKey || altKey || metaKey) return 'program';
  if (name === 'v') return 'browser';
  if (name === 'c') return 'copy';
  // Tab is the program's: somebody without a mouse needs a way out.
  if (name === 'arrowup') return 'leave';
  return name === 'f' ? 'search' : 'program';
}

/** A character as it is with Ctrl held: `c` → ETX. Those that have no such form stay. */
export function withCtrl(data: string): string {
  const code = data.toUpperCase().charCodeAt(0);
  return code >= 0x40 && code <= 0x5f ? String.fromCharCode(code & 0x1f) + data.slice(1) : data;
}

/** What is marked, or else what is on the screen. */
export async function copyMarked(terminal: Terminal): Promise<void> {
  const text = terminal.getSelection() || screenText(terminal);
  if (text === '') return;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // No permission, or no secure page: the browser's own copy works on what is marked.
    document.execCommand('copy');
  }
}

function screenText({ buffer: { active }, rows }: Terminal): string {
  return Array.from({ length: rows }, (_, row) => active.getLine(active.viewportY + row))
    .map((line) => line?.translateToString(true) ?? '')
    .join('\n')
    .trimEnd();
}
