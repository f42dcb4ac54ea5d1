import { Tabs as Radix } from 'radix-ui';
import type { ReactNode } from 'react';
import { cx } from './cx.ts';

export interface Tab<Value extends string> {
  value: Value;
  label: ReactNode;
  content: ReactNode;
}

interface Props<Value extends string> {
  /** What they are the parts of. */
  label: string;
  value: Value;
  tabs: readonly Tab<Value>[];
  onChange(value: Value): void;
  className?: string;
  /** At the end of the row of tabs. */
  aside?: ReactNode;
}

/** Parts of a page, one at a time. The others are not in the page. */
export function Tabs<Value extends string>({ label, value, tabs, onChange, className, aside }: Props<Value>) {
  return (
    <Radix.Root
      value={value}
      onValueChange={(next) => onChange(next as Value)}
      className={cx('flex min-h-0 flex-1 flex-col', className)}
    >
      <div className="flex items-center gap-2 border-line border-b px-2">
        <Radix.List aria-label={label} className="flex min-w-0 flex-1 gap-1 overflow-x-auto">
          {tabs.map((tab) => (
            <Radix.Trigger
              key={tab.value}
              value={tab.value}
              className="-mb-px flex shrink-0 items-center gap-1.5 border-transparent border-b-2 px-3 py-2.5 font-medium text-quiet text-sm hover:text-text data-[state=active]:border-accent data-[state=active]:text-text pointer-coarse:py-3"
            >
              {tab.label}
            </Radix.Trigger>
          ))}
        </Radix.List>
        {aside}
      </div>
      {tabs.map((tab) => (
        <Radix.Content
          key={tab.value}
          value={tab.value}
          className="min-h-0 flex-1 overflow-auto outline-none"
        >
          {tab.content}
        </Radix.Content>
      ))}
    </Radix.Root>
  );
}
