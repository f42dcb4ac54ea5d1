/** Keys that a keyboard of glass lacks, by the names `codepiper keys` takes; those that answer a question first. */
const keys: readonly [label: string, name: string][] = [
  ['Esc', 'escape'],
  ['↑', 'up'],
  ['↓', 'down'],
  ['⏎', 'enter'],
  ['Tab', 'tab'],
  ['⇧Tab', 'shift+tab'],
  ['^C', 'ctrl+c'],
  ['←', 'left'],
  ['→', 'right'],
  ['^D', 'ctrl+d'],
];

interface Props {
  isReadable: boolean;
  onReadable(): void;
  /** null: nothing may be typed. */
  onKey: ((name: string) => void) | null;
}

const look = 'h-11 min-w-11 shrink-0 grow rounded-md px-2 text-sm active:bg-accent/30 short:h-9';

/** Only where fingers are: above the keyboard, which it leaves open. */
export function KeyStrip({ isReadable, onReadable, onKey }: Props) {
  return (
    <div
      role="toolbar"
      aria-label="Keys"
      className="hidden gap-1 overflow-x-auto border-line border-t bg-panel p-1.5 pointer-coarse:flex short:py-1"
      // The keyboard would go away with the focus.
      onPointerDown={(event) => event.preventDefault()}
    >
      <button
        type="button"
        aria-label="Letters that can be read"
        aria-pressed={isReadable}
        onClick={onReadable}
        className={`${look} ${isReadable ? 'bg-accent/15 text-accent' : 'bg-line/60'}`}
      >
        Aa
      </button>
      {onKey &&
        keys.map(([label, name]) => (
          <button
            key={name}
            type="button"
            onClick={() => onKey(name)}
            className={`${look} bg-line/60 font-mono`}
          >
            {label}
          </button>
        ))}
    </div>
  );
}
