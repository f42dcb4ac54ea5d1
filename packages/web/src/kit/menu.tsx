import { DropdownMenu as Radix } from 'radix-ui';
import type { ReactNode } from 'react';
import { cx } from './cx.ts';

export interface MenuItem {
  label: string;
  icon?: ReactNode;
  /** Shown at its end. */
  keys?: string;
  tone?: 'plain' | 'danger';
  disabled?: boolean;
  onSelect(): void;
}

/** A button's list of things to do; `null` draws a line. */
export function Menu({ trigger, items }: { trigger: ReactNode; items: readonly (MenuItem | null)[] }) {
  return (
    <Radix.Root>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          align="end"
          sideOffset={6}
          collisionPadding={8}
          className="z-50 min-w-48 rounded-lg border border-line bg-raised p-1 text-sm shadow-xl"
        >
          {items.map((item, index) =>
            item === null ? (
              <Radix.Separator key={index} className="my-1 h-px bg-line" />
            ) : (
              <Radix.Item
                key={item.label}
                disabled={item.disabled ?? false}
                onSelect={item.onSelect}
                className={cx(
                  'flex cursor-default items-center gap-2 rounded-md px-2.5 py-1.5 outline-none data-disabled:opacity-50 data-highlighted:bg-line pointer-coarse:py-2.5',
                  item.tone === 'danger' && 'text-gone',
                )}
              >
                {item.icon}
                <span className="flex-1">{item.label}</span>
                {item.keys && <kbd className="text-quiet text-xs">{item.keys}</kbd>}
              </Radix.Item>
            ),
          )}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
