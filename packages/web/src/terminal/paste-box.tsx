import { useState } from 'react';

/** For browsers that show the clipboard to no page: a person pastes here, and it goes into the terminal as one piece. */
export function PasteBox({ onPaste, onClose }: { onPaste(text: string): void; onClose(): void }) {
  const [text, setText] = useState('');
  const button = 'h-11 shrink-0 rounded-md px-3';
  return (
    <form
      className="flex items-end gap-2 border-line border-t bg-panel p-2 text-sm"
      onSubmit={(event) => {
        event.preventDefault();
        onPaste(text);
        onClose();
      }}
    >
      <textarea
        // biome-ignore lint/a11y/noAutofocus: it is opened to paste into it
        autoFocus
        aria-label="Paste here"
        placeholder="Paste here"
        rows={2}
        value={text}
        onChange={({ target }) => setText(target.value)}
        className="min-w-0 flex-1 rounded-md border border-edge bg-ground px-3 py-2 text-base"
      />
      <button type="button" onClick={onClose} className={`${button} bg-raised`}>
        Cancel
      </button>
      <button
        type="submit"
        disabled={text === ''}
        className={`${button} bg-accent text-on-accent disabled:opacity-50`}
      >
        Type it
      </button>
    </form>
  );
}
