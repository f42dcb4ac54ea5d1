import { ChevronRight } from 'lucide-react';
import type { ReactNode } from 'react';
import { cx } from '../../../kit/cx.ts';

/** One line, and what is behind it when it is opened. */
export function Fold(props: {
  icon: ReactNode;
  label: string;
  text: string;
  aside?: ReactNode;
  isOpen: boolean;
  onToggle(): void;
  children?: ReactNode;
}) {
  const { icon, label, text, aside, isOpen, onToggle, children } = props;
  return (
    <div>
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={onToggle}
        className="flex w-full items-center gap-2 rounded-md px-2 py-1 text-left text-quiet text-sm hover:bg-raised pointer-coarse:min-h-11"
      >
        <ChevronRight
          aria-hidden="true"
          className={cx('size-3.5 shrink-0 transition-transform', isOpen && 'rotate-90')}
        />
        {icon}
        <span className="shrink-0 font-medium text-text">{label}</span>
        <span className="min-w-0 flex-1 truncate">{text}</span>
        {aside}
      </button>
      {isOpen && children && <div className="mt-1 mb-2 ml-3 sm:ml-7">{children}</div>}
    </div>
  );
}
