import type { ReactNode } from 'react';
import { CopyButton } from './copy-button.tsx';
import { cx } from './cx.ts';

/** Text of a program, as it is; long lines scroll. */
export function CodeBlock({ text, className }: { text: string; className?: string }) {
  return (
    <div className={cx('group relative rounded-md border border-line bg-ground', className)}>
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
        tabIndex={0}
        className="max-h-96 overflow-auto px-3 py-2 pr-10 font-mono text-xs"
      >
        {text}
      </pre>
      <div className="absolute top-1 right-1 rounded-md bg-ground">
        <CopyButton text={text} />
      </div>
    </div>
  );
}

export function Code({ children }: { children: ReactNode }) {
  return <code className="rounded bg-raised px-1 py-0.5 font-mono text-[0.9em]">{children}</code>;
}

export function Kbd({ children }: { children: ReactNode }) {
  return (
    <kbd className="rounded border border-line bg-raised px-1.5 py-0.5 font-mono text-quiet text-xs">
      {children}
    </kbd>
  );
}
