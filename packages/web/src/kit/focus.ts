const taken = 'input, textarea, select, [contenteditable], [role=dialog], [role=menu]';

/** Whether a person is in the middle of something: what comes on the page by itself must not take the focus then. */
export function isFocusTaken(): boolean {
  return document.activeElement?.closest(taken) != null;
}
