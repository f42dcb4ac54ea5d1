import { Tabs as Radix } from 'radix-ui';
import { type ReactNode, useState } from 'react';
import { cx } from '../../kit/cx.ts';

interface Tab<Value extends string> {
  value: Value;
  label: string;
  /** Once shown it stays in the page, hidden, with all it holds. */
  isKept?: boolean;
  content(isShown: boolean): ReactNode;
}

interface Props<Value extends string> {
  value: Value;
  /** `false` in the place of one that this session does not have. */
  tabs: readonly (Tab<Value> | false)[];
  onChange(value: Value): void;
}

/** Parts of the session, one at a time. */
export function SessionTabs<Value extends string>({ value, tabs, onChange }: Props<Value>) {
  const [seen, setSeen] = useState<ReadonlySet<Value>>(new Set([value]));
  if (!seen.has(value)) setSeen(new Set([...seen, value]));
  const there = tabs.filter((tab) => tab !== false);
  return (
    <Radix.Root
      value={value}
      onValueChange={(next) => onChange(next as Value)}
      className="flex min-h-0 flex-1 flex-col"
    >
      <Radix.List
        aria-label="Parts of the session"
        className="relative flex shrink-0 gap-1 overflow-x-auto border-line border-b px-2 sm:px-4"
      >
        {there.map((tab) => (
          <Radix.Trigger
            key={tab.value}
            value={tab.value}
            className="-mb-px shrink-0 border-transparent border-b-2 px-3 py-2 font-medium text-quiet text-sm hover:text-text data-[state=active]:border-accent data-[state=active]:text-text short:py-1 pointer-coarse:py-3"
          >
            {tab.label}
          </Radix.Trigger>
        ))}
      </Radix.List>
      {there.map((tab) => (
        <Radix.Content
          key={tab.value}
          value={tab.value}
          {...(tab.isKept && seen.has(tab.value) ? { forceMount: true } : {})}
          // What is in it has the focus; the terminal is one stop of its own.
          tabIndex={-1}
          className={cx('min-h-0 flex-1 outline-none data-[state=inactive]:hidden')}
        >
          {tab.content(tab.value === value)}
        </Radix.Content>
      ))}
    </Radix.Root>
  );
}
