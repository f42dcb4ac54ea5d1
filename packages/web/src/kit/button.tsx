import type { ComponentProps, ReactNode } from 'react';
import { cx } from './cx.ts';
import { Tooltip } from './tooltip.tsx';

const tones = {
  /** The one thing to do. */
  primary: 'bg-accent text-on-accent hover:brightness-110',
  plain: 'border border-edge/60 bg-raised text-text hover:border-edge',
  /** Among others, on a surface of its own. */
  quiet: 'text-quiet hover:bg-raised hover:text-text',
  danger: 'border border-gone/60 text-gone hover:bg-gone/10',
} as const;

const sizes = {
  small: 'h-8 gap-1.5 px-2.5 text-sm pointer-coarse:h-10',
  usual: 'h-9 gap-2 px-3.5 text-sm pointer-coarse:h-11',
} as const;

interface Props extends ComponentProps<'button'> {
  tone?: keyof typeof tones;
  size?: keyof typeof sizes;
  /** Something is under way: it cannot be pressed again. */
  isBusy?: boolean;
}

const base =
  'inline-flex shrink-0 select-none items-center justify-center rounded-md font-medium whitespace-nowrap transition-colors disabled:cursor-not-allowed disabled:opacity-50 aria-busy:cursor-progress';

export function Button({ tone = 'plain', size = 'usual', isBusy = false, className, ...props }: Props) {
  return (
    <button
      type="button"
      aria-busy={isBusy || undefined}
      {...props}
      disabled={props.disabled || isBusy}
      className={cx(base, tones[tone], sizes[size], className)}
    />
  );
}

/** The looks of a button, for a link. */
export function buttonClass(tone: keyof typeof tones = 'plain', size: keyof typeof sizes = 'usual'): string {
  return cx(base, tones[tone], sizes[size]);
}

interface IconButtonProps extends Omit<Props, 'children' | 'aria-label'> {
  /** What it does, for those who do not see the icon. */
  label: string;
  children: ReactNode;
}

export function IconButton({ label, className, tone = 'quiet', ...props }: IconButtonProps) {
  return (
    <Tooltip text={label}>
      <Button
        aria-label={label}
        tone={tone}
        {...props}
        className={cx('w-9 px-0 pointer-coarse:w-11', className)}
      />
    </Tooltip>
  );
}
