/** Keys that a keyboard of glass lacks, by the names `codepiper keys` takes; those that answer a question first. */
const keys: readonly [label: string, name: string, what?: string][] = [
  ['Esc', 'escape'],
  ['↑', 'up', 'Up'],
  ['↓', 'down', 'Down'],
  ['⏎', 'enter', 'Enter'],
  ['Tab', 'tab'],
  ['⇧Tab', 'shift+tab', 'Shift Tab'],
  ['^C', 'ctrl+c', 'Ctrl C'],
  ['←', 'left', 'Left'],
  ['→', 'right', 'Right'],
  ['^D', 'ctrl+d', 'Ctrl D'],
];

interface Props {
  /** The next key goes with Ctrl. */
  isCtrlHeld: boolean;
  onCtrl(isHeld: boolean): void;
  onPaste(): void;
  onKey(name: string): void;
}

const look = 'h-11 min-w-11 shrink-0 grow rounded-md px-2 text-sm active:bg-accent/30 short:h-9';
const plain = `${look} bg-raised`;
const lit = `${look} bg-accent/15 text-accent`;

/** Only where fingers are: above the keyboard, which it leaves open. */
export function KeyStrip({ isCtrlHeld, onCtrl, onPaste, onKey }: Props) {
  return (
    <div
      role="toolbar"
      aria-label="Keys"
      className="hidden gap-1 overflow-x-auto border-line border-t bg-panel p-1.5 pointer-coarse:flex short:py-1"
      // The keyboard would go away with the focus.
      onPointerDown={(event) => event.preventDefault()}
      onMouseDown={(event) => event.preventDefault()}
    >
      <button
        type="button"
        aria-pressed={isCtrlHeld}
        onClick={() => onCtrl(!isCtrlHeld)}
        className={`font-mono ${isCtrlHeld ? lit : plain}`}
      >
        Ctrl
      </button>
      {keys.map(([label, name, what]) => (
        <button
          key={name}
          type="button"
          aria-label={what}
          onClick={() => onKey(name)}
          className={`${plain} font-mono`}
        >
          {label}
        </button>
      ))}
      <button type="button" onClick={onPaste} className={plain}>
        Paste
      </button>
    </div>
  );
}
