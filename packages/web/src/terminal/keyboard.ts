import type { Terminal } from '@xterm/xterm';

/** The part of a keyboard event that decides. */
export type Press = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'shiftKey' | 'altKey' | 'metaKey'>;

/** Whose a key is: the program's, the browser's (it pastes), or one of our two. */
export function ownerOf({
  key,
  ctrlKey,
  shiftKey,
  altKey,
  metaKey,
}: Press): 'program' | 'browser' | 'copy' | 'search' {
  const name = key.toLowerCase();
  if (shiftKey && !ctrlKey && name === 'insert') return 'browser';
  if (!ctrlKey || !shiftKey || altKey || metaKey) return 'program';
  if (name === 'v') return 'browser';
  if (name === 'c') return 'copy';
  return name === 'f' ? 'search' : 'program';
}

export async function copyMarked(terminal: Terminal): Promise<void> {
  const text = terminal.getSelection();
  if (text === '') return;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // No permission, or no secure page: the browser's own copy works on what is marked.
    document.execCommand('copy');
  }
}
