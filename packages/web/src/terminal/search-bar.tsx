import { type KeyboardEvent, useState } from 'react';

interface Props {
  matches: { index: number; count: number } | null;
  onFind(text: string, direction: 'next' | 'previous'): void;
  onClose(): void;
}

/** Finds in the screen and its history. Enter goes up, as one reads a terminal: the newest is at the bottom. */
export function SearchBar({ matches, onFind, onClose }: Props) {
  const [text, setText] = useState('');
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') onClose();
    if (event.key === 'Enter') onFind(text, event.shiftKey ? 'next' : 'previous');
  };
  const found =
    text === '' || !matches
      ? ''
      : matches.count === 0
        ? 'not found'
        : `${matches.index + 1} of ${matches.count}`;
  return (
    <search className="flex items-center gap-1 border-line border-b bg-panel px-2 py-1.5 text-sm">
      <input
        // biome-ignore lint/a11y/noAutofocus: it is opened to type in it
        autoFocus
        type="search"
        aria-label="Search the terminal"
        placeholder="Search"
        value={text}
        onKeyDown={onKeyDown}
        onChange={({ target }) => {
          setText(target.value);
          onFind(target.value, 'previous');
        }}
        className="h-9 min-w-0 flex-1 rounded-md bg-ground px-3 text-base md:text-sm"
      />
      <output className="w-20 shrink-0 text-right text-quiet text-xs tabular-nums">{found}</output>
      <Step label="Previous (Enter)" text="↑" onPress={() => onFind(text, 'previous')} />
      <Step label="Next (Shift+Enter)" text="↓" onPress={() => onFind(text, 'next')} />
      <Step label="Close (Escape)" text="✕" onPress={onClose} />
    </search>
  );
}

function Step({ label, text, onPress }: { label: string; text: string; onPress(): void }) {
  return (
    <button
      type="button"
      title={label}
      aria-label={label}
      onClick={onPress}
      className="h-9 min-w-9 rounded-md hover:bg-line/60"
    >
      {text}
    </button>
  );
}
